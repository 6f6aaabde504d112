import { describe, expect, test } from "vitest";
import { linkNames } from "../../src/auth/users/account-links.ts";
import { parseConfig } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/values/config-error.ts";
import { notices } from "../../src/outbox/mail-templates.ts";

const production = {
  NODE_ENV: "production",
  DATABASE_URL: "postgres://db.internal/auth",
  SECRET: "kYq3Wn8xTz5Rb7Vc2Mf9Lp4Hs6Jd1Ga0",
  PUBLIC_URL: "https://auth.example.com",
};

const parse = (mail: string, env = {}) => parseConfig(env, { path: "/etc/gateway/gateway.yaml", text: `mail: ${mail}` }).mail;

function problemsOf(mail: string, env = {}): string[] {
  try {
    parse(mail, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ variable, problem }) => `${variable} ${problem}`);
    throw error;
  }
}

test.each(["", "{}", "{ links: {}, notices: {} }"])("with %j all is as it is by default: our words, our pages, every notice", (mail) => {
  expect(parse(mail)).toEqual({
    smtp: undefined,
    from: { name: undefined, address: "no-reply@localhost" },
    templatesDirectory: undefined,
    links: {},
    notices: new Set(["new_device", "password_changed", "email_changed", "token_reused"]),
  });
});

test("the notices and links of the configuration are those that the domain has", () => {
  expect(parse("{}").notices).toEqual(new Set(notices));
  const links = linkNames.map((name) => `${name}: "https://app.acme.test/#{token}"`);
  expect(Object.keys(parse(`{ links: { ${links.join(", ")} } }`).links)).toEqual([...linkNames]);
});

test("everything that can be said of mail; paths are relative to the file", () => {
  const mail = parse(
    `
  templates: ./words
  from: Acme Accounts <accounts@acme.test>
  links:
    verifyEmail: https://app.acme.test/verify#token={token}
    resetPassword: "https://app.acme.test/reset?token={token}&from=mail"
    confirmEmailChange: https://app.acme.test/confirm/{token}
    undoEmailChange: http://localhost:3000/undo#{token}
    forgottenPassword: https://app.acme.test/forgotten
  notices: { new_device: false, token_reused: true }
`,
    { ...production, SMTP_URL: "smtps://gateway:p%40ss@smtp.acme.test" },
  );
  expect(mail).toEqual({
    smtp: { host: "smtp.acme.test", port: 465, tls: "implicit", login: { user: "gateway", password: "p@ss" } },
    from: { name: "Acme Accounts", address: "accounts@acme.test" },
    templatesDirectory: "/etc/gateway/words",
    links: {
      verifyEmail: "https://app.acme.test/verify#token={token}",
      resetPassword: "https://app.acme.test/reset?token={token}&from=mail",
      confirmEmailChange: "https://app.acme.test/confirm/{token}",
      undoEmailChange: "http://localhost:3000/undo#{token}",
      forgottenPassword: "https://app.acme.test/forgotten",
    },
    notices: new Set(["password_changed", "email_changed", "token_reused"]),
  });
});

describe("the server that mail is handed to", () => {
  const smtp = (url: string) => parse("{}", { SMTP_URL: url }).smtp;

  test.each([
    ["TLS from the first byte", "smtps://smtp.acme.test", { host: "smtp.acme.test", port: 465, tls: "implicit" }],
    ["STARTTLS, which cannot be talked away", "smtp://smtp.acme.test", { host: "smtp.acme.test", port: 587, tls: "required" }],
    ["no TLS on this machine", "smtp://localhost:1025/", { host: "localhost", port: 1025, tls: "none" }],
    ["no TLS to a loopback address", "smtp://[::1]:25", { host: "::1", port: 25, tls: "none" }],
    ["no TLS where the operator says so", "smtp://relay.internal:25?tls=none", { host: "relay.internal", port: 25, tls: "none" }],
    ["an internationalised host", "smtp://пример.рф", { host: "xn--e1afmkfd.xn--p1ai", port: 587, tls: "required" }],
  ])("%s", (_title, url, server) => {
    expect(smtp(url)).toEqual({ ...server, login: undefined });
  });

  test("user name and password are percent-encoded", () => {
    expect(smtp("smtp://ada%40acme.test:p%2Fw%25%C3%BC@smtp.acme.test")?.login).toEqual({ user: "ada@acme.test", password: "p/w%ü" });
  });

  test.each([
    "smtp.acme.test",
    "http://smtp.acme.test",
    "smtp://",
    "smtp://user:pass@",
    "smtp://a%zz:b@smtp.acme.test",
    "smtp://smtp.acme.test/path",
    "smtp://smtp.acme.test?tls=maybe",
    "smtps://smtp.acme.test?tls=none",
    "smtp://smtp.acme.test:99999",
    "smtp://a b@smtp.acme.test",
  ])("%s is refused, and not quoted", (url) => {
    expect(problemsOf("{}", { SMTP_URL: url })).toEqual([expect.stringMatching(/^SMTP_URL must be an smtp:/)]);
    expect(problemsOf("{}", { SMTP_URL: url }).join()).not.toContain("acme");
  });
});

describe("whom mail is from", () => {
  test("MAIL_FROM comes before the file, and the file before no-reply@ the host of PUBLIC_URL", () => {
    expect(parse("{ from: a@file.test }", { MAIL_FROM: "Env <a@env.test>" }).from).toEqual({ name: "Env", address: "a@env.test" });
    expect(parse("{ from: a@file.test }", production).from).toEqual({ name: undefined, address: "a@file.test" });
    expect(parse("{}", production).from).toEqual({ name: undefined, address: "no-reply@auth.example.com" });
  });

  test.each([
    ["an address", "a@acme.test", { name: undefined, address: "a@acme.test" }],
    ["an address in brackets", "<a@acme.test>", { name: undefined, address: "a@acme.test" }],
    ["a name in quotation marks", '"Acme, Inc." <a@acme.test>', { name: "Acme, Inc.", address: "a@acme.test" }],
    ["a name in another alphabet", "Пример <a@acme.test>", { name: "Пример", address: "a@acme.test" }],
    ["an address in another alphabet", "почта@пример.рф", { name: undefined, address: "почта@пример.рф" }],
  ])("%s is taken", (_title, written, from) => {
    expect(parse("{}", { MAIL_FROM: written }).from).toEqual(from);
  });

  test.each([
    ["no address", "Acme"],
    ["a line break in the name", "Acme\r\nBcc: x@evil.test <a@acme.test>"],
    ["a line break in the address", "a@acme.test\r\nBcc: x@evil.test"],
    ["two addresses", "a@acme.test, b@acme.test"],
    ["a group", "Friends: a@acme.test;"],
    ["two pairs of brackets", "Acme <a@acme.test> <b@acme.test>"],
    ["a name that turns the line around", "Acme \u202e <a@acme.test>"],
    ["a name without end", `${"a".repeat(101)} <a@acme.test>`],
    ["a quotation mark within the name", 'Ac"me <a@acme.test>'],
  ])("%s is refused, there and in the file", (_title, written) => {
    expect(problemsOf("{}", { MAIL_FROM: written })).toEqual(["MAIL_FROM must be an e-mail address, or Name <address>."]);
    expect(problemsOf(`{ from: ${JSON.stringify(written)} }`)).toEqual([
      "/etc/gateway/gateway.yaml: mail.from must be an address, or Name <address>.",
    ]);
  });
});

const once = "must have {token} exactly once: there the token goes.";
const url = "must be an http:// or https:// URL without credentials, with {token} after the host.";
test.each([
  ["no place for the token", "https://app.acme.test/verify", once],
  ["two places for the token", "https://app.acme.test/{token}?{token}", once],
  ["the token in the host", "https://{token}.acme.test/", url],
  ["credentials", "https://u:p@app.acme.test/{token}", url],
  ["another scheme", "javascript:alert('{token}')", url],
  ["a path alone", "/verify#{token}", url],
  ["a space", "https://app.acme.test/a b/{token}", url],
  ["a line break", "https://app.acme.test/{token}\\nBcc:x", url],
  ["an angle bracket", "https://app.acme.test/{token}><script>", url],
  ["a backslash", "https://app.acme.test\\\\@evil.test/{token}", url],
])("a link with %s is refused", (_title, link, problem) => {
  expect(problemsOf(`{ links: { verifyEmail: "${link}" } }`)).toContain(`/etc/gateway/gateway.yaml: mail.links.verifyEmail ${problem}`);
});

test("the page for a forgotten password takes no token", () => {
  expect(problemsOf('{ links: { forgottenPassword: "https://app.acme.test/#{token}" } }')).toEqual([
    "/etc/gateway/gateway.yaml: mail.links.forgottenPassword must not have {token}: nothing has been asked for yet.",
  ]);
});

test("in production links are https, or localhost", () => {
  const links = '{ links: { verifyEmail: "http://app.acme.test/{token}", resetPassword: "http://localhost/{token}" } }';
  expect(problemsOf(links)).toEqual([]);
  expect(problemsOf(links, production)).toEqual([
    "/etc/gateway/gateway.yaml: mail.links.verifyEmail must be https:// in production, unless it is localhost.",
  ]);
});

test("every problem is told at once", () => {
  const problems = problemsOf(
    "{ templates: 1, from: x, links: { verify: a, resetPassword: 5 }, notices: { newDevice: no, new_device: 1 }, reply: a }",
  );
  expect(problems.map((problem) => problem.replace("/etc/gateway/gateway.yaml: ", ""))).toEqual([
    "mail.templates must be the path of a file.",
    "mail.from must be an address, or Name <address>.",
    "mail.links.resetPassword must be a URL.",
    "mail.links.verify is not a known key. Known here: verifyEmail, resetPassword, confirmEmailChange, undoEmailChange, forgottenPassword.",
    "mail.notices.new_device must be true or false.",
    "mail.notices.newDevice is not a known key. Did you mean new_device?",
    "mail.reply is not a known key. Known here: templates, from, links, notices.",
  ]);
});

test.each(["[]", "text", "{ links: [] }", "{ notices: [new_device] }"])("%s is refused", (mail) => {
  expect(problemsOf(mail)).toEqual([expect.stringMatching(/mapping with the keys/)]);
});
