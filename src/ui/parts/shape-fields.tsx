"use client";
import { FileUp, Paperclip, X } from "lucide-react";
import { useRef, useState } from "react";
import { isFileRef, isObject, type Json, type JsonObject } from "#base/index.ts";
import type { Field as FlowField } from "#flow/index.ts";
import { size } from "../run/model/format.ts";
import { words } from "../run/components/value.tsx";
import { Button, IconButton } from "./button.tsx";
import { Checkbox, Field, Input, Select, Textarea } from "./field.tsx";

type Values = Readonly<Record<string, Json>>;

/** One control for each field of a shape. Values stay as typed; the server coerces and answers errors by field. */
export function ShapeFields({
  fields,
  values,
  errors,
  onChange,
}: {
  fields: readonly FlowField[];
  values: Values;
  errors: Readonly<Record<string, readonly string[]>>;
  onChange(values: Values): void;
}) {
  return (
    <div className="flex flex-col gap-4">
      {fields.map((field) => (
        <ShapeField
          key={field.name}
          field={field}
          value={values[field.name]}
          error={errors[field.name]?.join(" ") ?? null}
          onChange={(value) => {
            const { [field.name]: _, ...rest } = values;
            onChange(value === undefined ? rest : { ...rest, [field.name]: value });
          }}
        />
      ))}
    </div>
  );
}

function ShapeField({
  field,
  value,
  error,
  onChange,
}: {
  field: FlowField;
  value: Json | undefined;
  error: string | null;
  onChange(value: Json | undefined): void;
}) {
  const label = field.title ?? words(field.name);
  if (field.widget === "boolean") {
    return (
      <div>
        <Checkbox
          label={label}
          checked={value === true || (value === undefined && field.default === true)}
          onChange={(event) => onChange(event.target.checked)}
        />
        {error === null ? null : (
          <p role="alert" className="text-(--fail) [font:var(--type-12)]">
            {error}
          </p>
        )}
      </div>
    );
  }
  return (
    <Field
      label={label}
      hint={field.description}
      error={error}
      optional={field.optional && field.default === undefined}
    >
      {(ids) => <Control ids={ids} field={field} value={value} onChange={onChange} />}
    </Field>
  );
}

type ControlProps = {
  ids: { id: string; "aria-describedby": string | undefined; "aria-invalid": true | undefined };
  field: FlowField;
  value: Json | undefined;
  onChange(value: Json | undefined): void;
};

function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function Control({ ids, field, value, onChange }: ControlProps) {
  const placeholder =
    field.default === undefined || field.default === null
      ? undefined
      : `${textOf(field.default)} (left empty)`;
  const text = { ...ids, value: textOf(value), placeholder };
  const typed = (raw: string): void => onChange(raw === "" ? undefined : raw);
  switch (field.widget) {
    case "multiline":
      return <Textarea {...text} rows={5} onChange={(event) => typed(event.target.value)} />;
    case "json":
      return (
        <Textarea
          {...text}
          rows={4}
          className="[font:var(--type-code)]"
          onChange={(event) => typed(event.target.value)}
        />
      );
    case "number":
      return <Input {...text} inputMode="decimal" onChange={(event) => typed(event.target.value)} />;
    case "date":
      return <Input {...text} type="date" onChange={(event) => typed(event.target.value)} />;
    case "datetime":
      return <Input {...text} type="datetime-local" onChange={(event) => typed(event.target.value)} />;
    case "secret":
      return (
        <Input {...text} type="password" autoComplete="off" onChange={(event) => typed(event.target.value)} />
      );
    case "select":
    case "multiselect": {
      const items = isObject(field.schema["items"]) ? field.schema["items"]["enum"] : field.schema["enum"];
      const options = Array.isArray(items) ? (items as Json[]) : [];
      if (field.widget === "multiselect") {
        const chosen = Array.isArray(value) ? value : [];
        return (
          <Select
            {...ids}
            multiple
            className="h-auto py-1"
            value={chosen.map(textOf)}
            onChange={(event) =>
              onChange(
                [...event.target.selectedOptions].map(
                  (option) => options.find((item) => textOf(item) === option.value) ?? option.value,
                ),
              )
            }
          >
            {options.map((option) => (
              <option key={textOf(option)}>{textOf(option)}</option>
            ))}
          </Select>
        );
      }
      return (
        <Select
          {...ids}
          value={value === undefined ? textOf(field.default) : textOf(value)}
          onChange={(event) => onChange(options.find((item) => textOf(item) === event.target.value))}
        >
          {field.default === undefined ? <option value="">Choose</option> : null}
          {options.map((option) => (
            <option key={textOf(option)} value={textOf(option)}>
              {textOf(option)}
            </option>
          ))}
        </Select>
      );
    }
    case "file":
      return <FileControl ids={ids} field={field} value={value} onChange={onChange} />;
    default:
      return <Input {...text} onChange={(event) => typed(event.target.value)} />;
  }
}

type Upload =
  | { state: "idle" }
  | { state: "sending"; name: string; share: number }
  | { state: "refused"; name: string; message: string };

function FileControl({ ids, field, value, onChange }: ControlProps) {
  const input = useRef<HTMLInputElement>(null);
  const [upload, setUpload] = useState<Upload>({ state: "idle" });
  const file = isFileRef(value) ? value.$file : null;
  const send = (chosen: File): void => {
    if (field.maxBytes !== undefined && chosen.size > field.maxBytes) {
      setUpload({
        state: "refused",
        name: chosen.name,
        message: `It has ${size(chosen.size)}; this input takes at most ${size(field.maxBytes)}.`,
      });
      return;
    }
    setUpload({ state: "sending", name: chosen.name, share: 0 });
    // XMLHttpRequest tells how much was sent; fetch can't.
    const request = new XMLHttpRequest();
    request.upload.onprogress = (event) =>
      setUpload({
        state: "sending",
        name: chosen.name,
        share: event.total > 0 ? event.loaded / event.total : 0,
      });
    request.onerror = () =>
      setUpload({
        state: "refused",
        name: chosen.name,
        message: "The upload was cut off. Check the connection and try again.",
      });
    request.onload = () => {
      const answer = parse(request.responseText);
      if (request.status >= 200 && request.status < 300 && isObject(answer)) {
        onChange({ $file: answer as JsonObject });
        setUpload({ state: "idle" });
      } else {
        setUpload({ state: "refused", name: chosen.name, message: refusal(answer, request.status) });
      }
    };
    const form = new FormData();
    form.append("file", chosen);
    request.open("POST", "/api/files");
    request.send(form);
  };
  return (
    <div
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        const dropped = event.dataTransfer.files[0];
        if (dropped !== undefined) send(dropped);
      }}
      className="relative rounded-(--radius-2) border border-dashed border-(--border-field) bg-(--surface) p-2"
    >
      <input
        {...ids}
        ref={input}
        type="file"
        // The button below is what one reaches by keyboard; this one can't be seen.
        tabIndex={-1}
        className="sr-only"
        accept={field.accept?.join(",")}
        onChange={(event) => {
          const chosen = event.target.files?.[0];
          if (chosen !== undefined) send(chosen);
          event.target.value = "";
        }}
      />
      {file === null ? (
        <div className="flex flex-wrap items-center gap-2">
          <Button
            size="small"
            aria-label={`Choose a file: ${field.title ?? words(field.name)}`}
            aria-describedby={ids["aria-describedby"]}
            onClick={() => input.current?.click()}
            busy={upload.state === "sending"}
          >
            <FileUp aria-hidden size={14} /> Choose a file
          </Button>
          <span className="text-(--text-2)">
            {upload.state === "sending"
              ? `${upload.name}, ${Math.round(upload.share * 100)} %`
              : "or drop it here"}
            {field.maxBytes === undefined || upload.state === "sending"
              ? ""
              : `, at most ${size(field.maxBytes)}`}
          </span>
        </div>
      ) : (
        <div className="flex items-center gap-2">
          <Paperclip aria-hidden size={14} className="text-(--text-3)" />
          <span className="min-w-0 flex-1 truncate">
            {file.name} <span className="text-(--text-3)">{size(file.bytes)}</span>
          </span>
          <IconButton label={`Remove ${file.name}`} onClick={() => onChange(undefined)}>
            <X aria-hidden size={14} />
          </IconButton>
        </div>
      )}
      {upload.state === "refused" ? (
        <p role="alert" className="mt-1 text-(--fail)">
          {upload.name} was not taken. {upload.message}
        </p>
      ) : null}
    </div>
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function refusal(answer: unknown, status: number): string {
  const error = isObject(answer) && isObject(answer["error"]) ? answer["error"] : answer;
  if (isObject(error) && typeof error["message"] === "string") {
    return typeof error["hint"] === "string" ? `${error["message"]} ${error["hint"]}` : error["message"];
  }
  return status === 413 ? "It is too large." : `The server answered ${status}.`;
}
