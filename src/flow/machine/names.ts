/** The tool that carries scripts out. Its arguments: `{ language, code, args, files }`. */
export const scriptTool = "script";

/** The tool that writes what tasks remember. Its arguments: `{ entries, as, tags, expiresInMs? }`. No agent can be granted it. */
export const rememberTool = "remember";
