/** A child for `pool.test.ts`: does what it is told. */
let calls = 0;
process.on("message", (message: { do: string }) => {
  calls += 1;
  switch (message.do) {
    case "environment":
      process.send?.({ reply: Object.keys(process.env) });
      return;
    case "count":
      process.send?.({ reply: [process.pid, calls] });
      return;
    case "last":
      process.send?.({ reply: "over", last: true }, () => process.exit(1));
      return;
    case "die":
      process.exit(3);
      return;
    case "memory":
      process.stderr.write("FATAL ERROR: JavaScript heap out of memory\n", () => process.abort());
      return;
    default:
  }
});
process.send?.({ ready: true });
