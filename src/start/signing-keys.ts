import type { AuthOptions } from "../auth/auth.ts";
import { readKeyFile } from "../auth/tokens/keys/key-file.ts";
import { sharedSecretKey } from "../auth/tokens/keys/shared-secret-keys.ts";
import { createFixedKeys } from "../auth/tokens/keys/signing-keys.ts";
import { createStoredKeys } from "../auth/tokens/keys/stored-keys.ts";
import type { TokenConfig } from "../config/config.ts";
import { StartupError } from "../core/errors.ts";
import { readOperatorsFile } from "./files/operators-file.ts";

/** Which of the three keepers of keys the configuration asks for: shared secrets, the operator's file, or the database. */
export function chooseKeys(config: TokenConfig, secrets: readonly [string, ...string[]]): AuthOptions["createKeys"] {
  const { algorithm, sharedSecrets, signingKeyFile } = config;
  if (algorithm === "HS256") {
    const [first, ...others] = sharedSecrets.map(sharedSecretKey);
    if (first === undefined) throw new StartupError("JWT_SECRET is needed for HS256");
    return () => createFixedKeys([first, ...others]);
  }
  if (signingKeyFile !== undefined) {
    const key = readKeyFile(readOperatorsFile("SIGNING_KEY_FILE", signingKeyFile), algorithm);
    return () => createFixedKeys([key]);
  }
  return (parts) => createStoredKeys(parts, { algorithm, secrets, rotationSeconds: config.signingKeyRotationSeconds });
}
