// code-server needs two native modules compiled on the machine (two minutes, and a compiler that a fresh
// machine lacks). Without them it runs, but keeps no log files, so "Show Log" stays empty and a test that
// searches the logs for a leaked key would search nothing. These stand-ins do the same job in JavaScript.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

const spdlog = `// Stand-in for the native module: appends to the file at once, never rotates.
const fs = require("node:fs");
const path = require("node:path");
const names = ["trace", "debug", "info", "warning", "error", "critical"];
let common = 2;
class Logger {
  constructor(type, name, file) {
    this.file = file;
    this.plain = false;
    this.level = undefined;
    this.fd = undefined;
  }
  write(level, message) {
    if (level < (this.level ?? common)) return;
    const time = new Date().toISOString().replace("T", " ").replace("Z", "");
    try {
      this.fd ??= fs.openSync(this.file, "a");
      fs.writeSync(this.fd, this.plain ? message : time + " [" + names[level] + "] " + message + "\\n");
    } catch {}
  }
  trace(message) { this.write(0, message); }
  debug(message) { this.write(1, message); }
  info(message) { this.write(2, message); }
  warn(message) { this.write(3, message); }
  error(message) { this.write(4, message); }
  critical(message) { this.write(5, message); }
  getLevel() { return this.level ?? common; }
  setLevel(level) { this.level = level; }
  setPattern() {}
  clearFormatters() { this.plain = true; }
  flush() {}
  drop() {
    if (this.fd !== undefined) fs.closeSync(this.fd);
    this.fd = undefined;
  }
}
async function create(name, file) {
  await fs.promises.mkdir(path.dirname(file), { recursive: true });
  return new Logger("rotating", name, file);
}
// One by one, so that Node sees the names when a module imports this file.
exports.version = 1;
exports.Logger = Logger;
exports.setLevel = (level) => { common = level; };
exports.setFlushOn = () => {};
exports.createRotatingLogger = create;
exports.createAsyncRotatingLogger = create;
`;

const watchdog = `// Stand-in for the native module: ends this process when the watched one is gone.
exports.start = (pid) => {
  const timer = setInterval(() => {
    try {
      process.kill(pid, 0);
    } catch (error) {
      if (error.code === "ESRCH") process.exit(87);
    }
  }, 3000);
  timer.unref();
};
exports.exit = (code) => process.exit(code || 0);
`;

/**
 * Writes the stand-ins over the two modules' entry files.
 *
 * @param {string} vscodeFolder code-server's `lib/vscode`
 */
export async function writeNativeStandIns(vscodeFolder) {
  const modules = join(vscodeFolder, "node_modules", "@vscode");
  await writeFile(join(modules, "spdlog", "index.js"), spdlog);
  await writeFile(join(modules, "native-watchdog", "index.js"), watchdog);
}
