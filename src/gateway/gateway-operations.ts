import { type ExecutionResult, execute, GraphQLError, getVariableValues, type OperationTypeNode } from "graphql";
import { collectFields, fragmentsOf } from "../access/collect-fields.ts";
import { AuthError } from "../auth/errors.ts";
import type { NextContext, Operation, Operations } from "../graphql/operations.ts";
import type { PublicErrors } from "../graphql/public-errors.ts";
