import { exitOnFailure } from "./start/process/exit-on-failure.ts";
import { serve } from "./start/process/serve.ts";

exitOnFailure(serve);
