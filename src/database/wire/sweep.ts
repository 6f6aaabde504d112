const SWEEP_MILLISECONDS = 250;

/** Looks again and again; what stops it. */
export function sweepRegularly(stopwatch: () => number, look: (now: number) => void): () => void {
  let sweptAt = stopwatch();
  function sweep(): void {
    const now = stopwatch();
    // Where this process itself was late, the answers may be there already: they are read first.
    const isLate = now - sweptAt > 4 * SWEEP_MILLISECONDS;
    sweptAt = now;
    if (!isLate) look(now);
  }
  const timer = setInterval(sweep, SWEEP_MILLISECONDS).unref();
  return () => clearInterval(timer);
}
