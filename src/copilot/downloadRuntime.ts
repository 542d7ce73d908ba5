import type { DownloadProgress } from "../core/copilot/contract";
import { PosternError } from "../core/errors";

/** Stands in until the download is built. */
export async function downloadRuntime(
  _dataDir: string | undefined,
  _registry: string | undefined,
  _progress: DownloadProgress,
  _signal: AbortSignal,
): Promise<string> {
  throw new PosternError("not_ready", "The runtime cannot be downloaded yet.");
}
