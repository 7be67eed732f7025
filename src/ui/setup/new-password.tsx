import { useState } from "react";
import { Field, Input } from "../parts/field.tsx";

/** Characters that a password has at least; the server checks the same. */
const shortest = 8;

/** Asks for a password that somebody chooses: one that is too short is said when the field is left, not after all is sent. */
export function NewPassword({ error }: { error: string | null | undefined }) {
  const [left, setLeft] = useState("");
  const isShort = left !== "" && left.length < shortest;
  return (
    <Field
      label="Password"
      hint={`At least ${shortest} characters.`}
      error={isShort ? `It has ${left.length} characters. Use at least ${shortest}.` : error}
    >
      {(ids) => (
        <Input
          {...ids}
          name="password"
          type="password"
          autoComplete="new-password"
          required
          minLength={shortest}
          onBlur={(event) => setLeft(event.target.value)}
          onChange={(event) => {
            if (left !== "") setLeft(event.target.value);
          }}
        />
      )}
    </Field>
  );
}
