import type postgres from "postgres";

/** Gives a user another address behind the server's back, as a change by another process would leave it. */
export async function moveAddress(sql: postgres.ISql, userId: string, email: string): Promise<void> {
  await sql`delete from email_addresses where user_id = ${userId} and state = 'ACCOUNT'`;
  await sql`insert into email_addresses (email_key, user_id, state) values (${email}, ${userId}, 'ACCOUNT')`;
  await sql`update users set email = ${email}, email_key = ${email} where id = ${userId}`;
}

/** What stands in the way of everybody else once an account that gave the address up can go back to it. */
export async function reserveAddress(sql: postgres.ISql, userId: string, email: string): Promise<void> {
  await sql`
    insert into one_time_tokens (id, purpose, user_id, has_account, email, email_key, token_hash, created_at, expires_at)
    values (gen_random_uuid(), 'UNDO_EMAIL_CHANGE', ${userId}, true, ${email}, ${email}, sha256(convert_to(${email}, 'UTF8')),
      now(), now() + interval '7 days')`;
  await sql`
    insert into email_addresses (email_key, user_id, state, until) values (${email}, ${userId}, 'RESERVED', now() + interval '7 days')
    on conflict (email_key) do update set state = 'RESERVED', until = excluded.until`;
}

/** Where the directory and the users say different things: no statement of the database keeps them equal, the transactions do. */
export async function findDisagreeing(sql: postgres.ISql): Promise<unknown[]> {
  const rows = await sql`
    select users.id, users.email_key, found.user_id, found.email_key as found
    from (select id, email_key from users where email_key not like 'erased %') as users
      full join (select user_id, email_key from email_addresses where state = 'ACCOUNT') as found
        on found.user_id = users.id and found.email_key = users.email_key
    where users.id is null or found.user_id is null`;
  return [...rows];
}
