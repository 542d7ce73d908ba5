import { readFileSync } from "node:fs";
import { PosternError } from "../core/errors";

/** A file that somebody has named cannot be used; without this, they would get a stack in the place of its name. */
export class NamedFileError extends PosternError {
  constructor(file: string, what: "read" | "written", error: unknown) {
    super("invalid_request", `the file ${file} cannot be ${what} (${systemCode(error)})`);
  }
}

/** @throws NamedFileError */
export function readNamedFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new NamedFileError(file, "read", error);
  }
}

export function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}
