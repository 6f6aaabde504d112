import { exitOnFailure } from "./start/exit-on-failure.ts";
import { serve } from "./start/serve.ts";

exitOnFailure(serve);
