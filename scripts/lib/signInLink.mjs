// A link that signs the browser in to a password-protected code-server, so that nobody types a password.
import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { atEnd } from "./cleanup.mjs";

/**
 * Serves, until the end of the run, one page on a free port of 127.0.0.1 under an unguessable path. The page
 * posts the password to code-server's login form, which sets its cookie and redirects.
 *
 * @param {{ target: string, password: string, open: string }} options `target`: code-server's address with a
 *   final slash; `open`: path and query within it to go to
 * @returns {Promise<string>} the link
 */
export function serveSignInLink({ target, password, open }) {
  const path = Buffer.from(`/${randomBytes(16).toString("base64url")}`);
  const action = `${target}login?to=${encodeURIComponent(open)}`;
  const escaped = (/** @type {string} */ text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  const page = `<!doctype html><meta charset="utf-8"><title>Opening VS Code</title>
<form method="post" action="${escaped(action)}"><input type="hidden" name="password" value="${password}">
<button>Open VS Code</button></form><script>document.forms[0].submit()</script>`;
  const server = createServer((request, response) => {
    const asked = Buffer.from(request.url ?? "");
    const known = asked.length === path.length && timingSafeEqual(asked, path);
    response.writeHead(known ? 200 : 404, {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-frame-options": "DENY",
    });
    response.end(known ? page : "Not found");
  });
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}${path}`);
    });
  });
}
