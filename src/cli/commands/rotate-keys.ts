import { JWKS_CACHE_SECONDS } from "../../auth/tokens/keys/signing-keys.ts";
import { chooseKeys } from "../../start/signing-keys.ts";
import type { Command } from "../parts/command.ts";
import { withOperatorSession } from "../parts/operator-session.ts";

const minutes = JWKS_CACHE_SECONDS / 60;

export const rotateKeys: Command = {
  name: "rotate-keys",
  arguments: [],
  flags: {},
  summary: "Publishes a new signing key for access tokens.",
  description: `It signs ${minutes} minutes later, when every cache of the JWKS has it; tokens of the key before it stay good until they
expire. Running servers publish it within half a minute.`,
  takesPassword: false,
  async run() {
    await withOperatorSession(({ config, storage, database, transact, clock }) =>
      chooseKeys(config.tokens, storage.secrets)({ database, transact, clock }).rotate(),
    );
    return `Published a new signing key. Access tokens are signed with it from ${minutes} minutes from now on.\n`;
  },
};
