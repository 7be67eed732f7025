export const help = `Usage:
  baton validate FILE...            Check flows; prints FILE:LINE:COLUMN severity [rule] message
  baton run FILE [options]          Run a flow here, without a server, and watch it
  baton help                        Show this

Options of validate:
  --json                            Print problems as JSON, one a line

Options of run:
  -i, --input NAME=VALUE            An input; lists and objects as JSON
  -f, --input-file NAME=PATH        An input that is a file; for inputs of text, the file's text
  -l, --label NAME=VALUE            A label of the run, over those of the flow
      --sample NAME                 Start from a sample of the flow
      --approve TASK[=DECISION]     Decide an approval beforehand: a task's id, or "all"; "approve" unless said
      --answer TASK=JSON            Fields of a form or an approval
      --comment TEXT                Comment to decisions made by --approve
      --secret NAME                 A secret for the flow's tools, taken from the environment variable NAME
      --model PROVIDER/MODEL        What "default" means: openai, anthropic or openai-compatible, with its key in
                                    the environment; simulated when left out
      --json                        Print events and the result as JSON, one a line; asks nothing

Approvals that --approve does not name are asked at the prompt. Without a terminal the run is ended, and what it
waits for is told.

Exit codes:
  0  the run succeeded, or the files have no errors
  1  the run failed, or a file has errors
  2  the command line or the inputs are wrong, or Baton can't run here
  3  the run waits for a person, and nobody is here to decide
  4  the run was cancelled
`;
