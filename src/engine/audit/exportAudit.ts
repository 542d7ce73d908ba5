import { type FileHandle, open } from "node:fs/promises";
import type { AuditFilter, ExportedRequest } from "../../core/governance/audit/auditEntry";
import { csvHeader, csvLine } from "../../core/governance/audit/csv";
import type { ExportFormat } from "../../core/rpc/audit";
import { NamedFileError } from "../namedFile";

export interface ExportOptions {
  readonly format: ExportFormat;
  readonly filter: AuditFilter;
  /** JSONL only. */
  readonly content: boolean;
}

/** Where requests to export come from. */
export interface ExportSource {
  exported(filter: AuditFilter, withContent: boolean): Iterable<ExportedRequest>;
}

/** An export, line by line, each with its end. CSV lines end as RFC 4180 wants it. */
export function* exportLines(source: ExportSource, options: ExportOptions): Generator<string> {
  const { format, filter, content } = options;
  if (format === "csv") yield `${csvHeader()}\r\n`;
  for (const request of source.exported(filter, content && format === "jsonl"))
    yield format === "csv" ? `${csvLine(request)}\r\n` : `${JSON.stringify(request)}\n`;
}

/** Writes an export to a new file that only its owner can read. @returns how many requests */
export async function exportToFile(
  source: ExportSource,
  options: ExportOptions,
  path: string,
): Promise<number> {
  const file: FileHandle = await open(path, "w", 0o600).catch((error: unknown) => {
    throw new NamedFileError(path, "written", error);
  });
  let lines = 0;
  try {
    for (const line of exportLines(source, options)) {
      await file.write(line);
      lines += 1;
    }
  } finally {
    await file.close();
  }
  return options.format === "csv" ? lines - 1 : lines;
}
