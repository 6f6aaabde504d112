import { type AuthFieldsFragment, LoginDocument, RegisterDocument } from "../generated/operations.ts";
import { type Client, dataOf } from "./client.ts";
import type { TestDatabase } from "./database.ts";

export const PASSWORD = "a long walk by the sea";

/** What nearly every test begins with. */
export interface SignIn {
  /** A new user with a session. */
  register(): Promise<AuthFieldsFragment>;
  login(email: string, password?: string): Promise<AuthFieldsFragment>;
  /** A new user with the admin role and a session that carries it. */
  registerAdmin(): Promise<AuthFieldsFragment>;
}

let users = 0;
export function newEmail(): string {
  users += 1;
  return `user-${process.pid}-${users}@example.com`;
}

export function createSignIn({ send }: Pick<Client, "send">, { sql }: Pick<TestDatabase, "sql">): SignIn {
  const register = async () => dataOf(await send(RegisterDocument, { input: { email: newEmail(), password: PASSWORD } })).register;
  const login = async (email: string, password = PASSWORD) => dataOf(await send(LoginDocument, { input: { email, password } })).login;
  return {
    register,
    login,
    async registerAdmin() {
      const { user } = await register();
      await sql`update users set roles = '{user,admin}' where id = ${user.id}`;
      return login(user.email);
    },
  };
}
