import { readdirSync } from "node:fs";
import type { HeapSpaceInfo } from "node:v8";
import type { Gateway } from "../../support/gateway";
import { eventually, within } from "../../support/waiting";

/** What a gateway holds of the machine. */
export interface Vitals {
  /** Bytes that are still in use after everything that nobody needs was collected. */
  readonly heap: number;
  /** Bytes of buffers outside the heap, after the same. */
  readonly buffers: number;
  /** What keeps its event loop alive, sorted: sockets, timers, servers. */
  readonly resources: readonly string[];
  /** Open file descriptors; 0 where the system does not tell. */
  readonly descriptors: number;
}

/** The environment for a gateway whose vitals are to be looked at. */
export const WATCHED = { NODE_OPTIONS: "--inspect=127.0.0.1:0 --stack-trace-limit=60 --enable-source-maps" };

/** Looks into a running gateway through Node's inspector. */
export class Watch {
  private next = 0;
  private readonly waiting = new Map<number, (result: Record<string, unknown>) => void>();

  private constructor(
    private readonly socket: WebSocket,
    private readonly pid: number,
  ) {
    socket.addEventListener("message", ({ data }) => {
      const { id, result } = JSON.parse(String(data));
      this.waiting.get(id)?.(result);
      this.waiting.delete(id);
    });
  }

  static async of(gateway: Gateway): Promise<Watch> {
    const url = await eventually(() => /ws:\/\/\S+/.exec(gateway.stderr)?.[0], "the inspector's address");
    const socket = new WebSocket(url);
    await within(new Promise((resolve) => socket.addEventListener("open", resolve)), "the inspector");
    return new Watch(socket, gateway.process.pid ?? 0);
  }

  async vitals(): Promise<Vitals> {
    for (const _ of [1, 2, 3]) await this.send("HeapProfiler.collectGarbage");
    const { memory, resources } = await this.value<{
      memory: NodeJS.MemoryUsage;
      resources: readonly string[];
    }>("{ memory: process.memoryUsage(), resources: process.getActiveResourcesInfo() }");
    return {
      heap: memory.heapUsed,
      buffers: memory.arrayBuffers,
      resources: resources.toSorted(),
      descriptors: process.platform === "linux" ? readdirSync(`/proc/${this.pid}/fd`).length : 0,
    };
  }

  /**
   * The vitals once everything is let go of that was not held `before`: handles, and memory but for `room` bytes.
   * Memory is waited for as well: a provider that does not end a finished answer is given some seconds to.
   */
  async calm(before: Vitals, room = Number.POSITIVE_INFINITY): Promise<Vitals> {
    let last = before;
    await eventually(
      async () => {
        last = await this.vitals();
        return (
          last.descriptors <= before.descriptors &&
          excess(last, before).length === 0 &&
          used(last) < used(before) + room
        );
      },
      "the release of everything",
      60_000,
    ).catch(() => {
      throw new Error(
        `still held: ${excess(last, before)}, descriptors ${before.descriptors} → ${last.descriptors}, bytes ${used(before)} → ${used(last)}`,
      );
    });
    return last;
  }

  /** Bytes in use in the old generation, with all that nobody has collected yet. */
  async oldGeneration(): Promise<number> {
    const spaces = await this.value<readonly HeapSpaceInfo[]>(
      "process.getBuiltinModule('node:v8').getHeapSpaceStatistics()",
    );
    return spaces.find(({ space_name }) => space_name === "old_space")?.space_used_size ?? 0;
  }

  close(): void {
    this.socket.close();
  }

  private async value<T>(of: string): Promise<T> {
    const { result } = (await this.send("Runtime.evaluate", {
      expression: `JSON.stringify(${of})`,
      returnByValue: true,
    })) as { result: { value: string } };
    return JSON.parse(result.value);
  }

  private send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    this.next += 1;
    const id = this.next;
    const answer = new Promise<Record<string, unknown>>((resolve) => this.waiting.set(id, resolve));
    this.socket.send(JSON.stringify({ id, method, params }));
    return within(answer, `the inspector's answer to ${method}`, 60_000);
  }
}

/** Bytes in use, in the heap and outside it. */
export const used = ({ heap, buffers }: Vitals): number => heap + buffers;

/** The resources that were not there before. */
function excess(now: Vitals, before: Vitals): string[] {
  const left = [...before.resources];
  return now.resources.filter((name) => {
    // The ledger's and the log's own, which come and go.
    if (name === "Immediate" || name === "Timeout") return false;
    const at = left.indexOf(name);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
