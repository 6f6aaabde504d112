import { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";

/*
 * The built command line, one command after the other in one process: loading it takes ten times as long as most commands do.
 * A `CommandJob` comes as a message, and a `CommandResult` goes back. In JavaScript, so that nothing translates what it loads: the two
 * files that it is told.
 */

const [{ runCommandLine }, { explainFailure }] = await Promise.all(process.argv.slice(2).map((file) => import(pathToFileURL(file).href)));

function become(name, stream) {
  Object.defineProperty(process, name, { value: stream, configurable: true });
}

function collect() {
  const chunks = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}

async function run({ words, env, cwd, input }) {
  const [stdout, stderr] = [collect(), collect()];
  become("stdin", Readable.from([Buffer.from(input, "base64")]));
  become("stdout", stdout.stream);
  become("stderr", stderr.stream);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  process.chdir(cwd);
  process.exitCode = 0;
  try {
    await runCommandLine(words);
  } catch (error) {
    stderr.stream.write(`${explainFailure(error)}\n`);
    process.exitCode = 1;
  }
  // Each command minds these signals for itself, and expects to be the last thing that its process does.
  for (const signal of ["SIGINT", "SIGTERM"]) process.removeAllListeners(signal);
  const { exitCode } = process;
  process.exitCode = 0;
  return { code: exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

process.on("message", (job) => {
  run(job).then(
    (result) => process.send(result),
    () => process.exit(1),
  );
});
process.on("disconnect", () => process.exit());
process.send("ready");
