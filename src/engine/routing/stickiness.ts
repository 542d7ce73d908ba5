/** How many conversations are remembered, and how long after their last turn. */
const MOST = 10_000;
const KEPT_MS = 60 * 60_000;

/** Which target a conversation was on, so that its next turn finds the prompt cache there. */
export class Stickiness {
  private readonly targets = new Map<string, { readonly key: string; readonly at: number }>();

  /** @param now milliseconds */
  constructor(private readonly now: () => number) {}

  targetOf(conversation: string): string | undefined {
    const found = this.targets.get(conversation);
    return found && this.now() - found.at <= KEPT_MS ? found.key : undefined;
  }

  note(conversation: string, key: string): void {
    // Taken out first: the map then has the longest unused in front.
    this.targets.delete(conversation);
    this.targets.set(conversation, { key, at: this.now() });
    for (const oldest of this.targets.keys()) {
      if (this.targets.size <= MOST) break;
      this.targets.delete(oldest);
    }
  }
}
