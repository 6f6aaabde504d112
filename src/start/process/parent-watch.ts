const INTERVAL_MILLISECONDS = 500;

/**
 * Calls back once the parent process has ended. npm passes SIGTERM on to the shell that it runs a script in, and that shell ends
 * without telling its child: without this, whoever stops `npm start` would leave a server behind.
 */
export function whenParentEnds(callback: () => void): void {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    callback();
  }, INTERVAL_MILLISECONDS);
  watch.unref();
}
