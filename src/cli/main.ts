#!/usr/bin/env node
import { exitOnFailure } from "../start/process/exit-on-failure.ts";
import { runCommandLine } from "./run-command-line.ts";

exitOnFailure(() => runCommandLine(process.argv.slice(2)));
