// Names of what documents are made of. Browsers load this file too.

/** The root of a flow's draft that holds its text. */
export const flowTextRoot = "yaml";

/** The root of a memory that holds the entries, by their keys. */
export const memoryRoot = "entries";

/** The root of a memory that holds the texts of entries that people type in, by the entries' names. */
export const memoryTextsRoot = "texts";

/** The root of a memory in which the server notes who typed in which text. */
export const memoryTypingRoot = "typing";
