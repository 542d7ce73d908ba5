/** Nothing listens on the pipe: there is no engine. */
export class EngineAbsentError extends Error {}

/** Something listens on the pipe that does not know the token. It is told nothing. */
export class ForeignEngineError extends Error {
  constructor() {
    super(
      "An engine that does not share this window's secret storage, started from another browser perhaps, or a foreign program answers on Postern's private pipe. It was told nothing; Postern tries again.",
    );
  }
}

/** The engine went away, or fell silent, before the handshake was done; it may be ending just now. */
export class HandshakeBrokenError extends Error {}

/** The engine is connected and does not answer what it would answer at once. */
export class EngineHungError extends Error {
  constructor() {
    super("The engine does not answer.");
  }
}

/** The engine belongs to a newer version of the extension than this window runs. */
export class NewerEngineError extends Error {
  constructor() {
    super("A newer version of Postern is running. Reload the window to update Postern.");
  }
}

/** The engine could not be started. */
export class EngineStartError extends Error {}
