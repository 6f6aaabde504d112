import { parseFileAlone } from "../config/config.ts";
import { type FileSections, readConfigFile } from "../config/config-file.ts";

/** gateway.yaml, as a server in this folder would find it. No other variable than the one that names it has to be set. */
export function readFileAlone(): FileSections {
  return parseFileAlone(process.env, readConfigFile(process.env, process.cwd()));
}
