import { chmodSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";

/**
 * Makes the folder of the pipe's socket one that only this user can enter, or finds that it is not. A folder or link
 * that somebody else has put there is never used.
 * @throws Error that says what is wrong with the folder
 */
export function preparePipeFolder(pipePath: string): void {
  if (process.platform === "win32") return;
  const folder = dirname(pipePath);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stat = lstatSync(folder);
  if (!stat.isDirectory() || stat.isSymbolicLink()) throw new Error(`${folder} is not a folder`);
  if (stat.uid !== process.getuid?.()) throw new Error(`${folder} belongs to another user`);
  if ((stat.mode & 0o077) !== 0) chmodSync(folder, 0o700);
}

/** Whether somebody answers on the pipe. */
export function isAnswering(pipePath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(pipePath);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Removes a socket that a killed engine has left. Call only when nobody answers on it. */
export function removeStaleSocket(pipePath: string): void {
  if (process.platform === "win32") return;
  rmSync(pipePath, { force: true });
}
