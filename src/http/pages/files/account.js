import { documents } from "./documents.js";

/** In the language of the page. */
const words = JSON.parse(document.querySelector("main").dataset.words);
const token = takeToken();
/** What the answer gave that had a code sent: the code is good together with it. */
let attempt = null;

/**
 * The token is in the fragment, which no server is sent. It leaves the address bar before anything else happens, so that neither the history nor
 * a bookmark keeps it. Nothing is sent before somebody presses a button: what follows links for people must not use them up.
 */
function takeToken() {
  const found = new URLSearchParams(location.hash.slice(1)).get("token");
  history.replaceState(null, "", location.pathname);
  return found;
}

for (const part of document.querySelectorAll("[data-operation], [data-needs]")) {
  const { needs } = part.dataset;
  part.hidden = (needs === "token" && token === null) || (needs === "no-token" && token !== null) || needs === "attempt";
}
// The server judges what is typed: browsers know no internationalised addresses (`novalidate`).
for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(form);
  });
}
// The next link of the same kind, opened in this tab, changes the fragment alone.
addEventListener("hashchange", () => location.reload());

async function send(form) {
  const [button] = form.querySelectorAll("button");
  for (const each of document.forms) showProblem(each, []);
  button.disabled = true;
  try {
    const errors = await mutate(form);
    if (errors.length === 0) showDone(form);
    else showProblem(form, errors);
  } catch {
    form.querySelector("[data-outcome]").textContent = words.unreachable;
  } finally {
    button.disabled = false;
  }
}

/** The errors of the answer. */
async function mutate(form) {
  const { operation, needs } = form.dataset;
  const input = Object.fromEntries(new FormData(form));
  if (needs === "attempt") input.attempt = attempt;
  if (needs === "token") input.token = token;
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    // Whoever is signed in here has nothing to do with it.
    credentials: "omit",
    body: JSON.stringify({ query: documents[operation], variables: { input } }),
  });
  const { data, errors = [] } = await response.json();
  attempt = data?.[operation]?.attempt ?? attempt;
  return errors;
}

function showDone(form) {
  const done = document.querySelector(`[data-done="${form.dataset.operation}"]`);
  for (const each of document.forms) each.hidden = each.dataset.needs !== "attempt" || form.dataset.needs === "attempt" || attempt === null;
  for (const each of document.querySelectorAll("[data-done]")) each.hidden = each !== done;
  document.querySelector("#way-on").hidden = !("wayOn" in done.dataset);
  done.tabIndex = -1;
  done.focus();
}

/** Each beside the field that it is about, the others below the button that was pressed. All of them are text for the person who reads it, never markup. */
function showProblem(form, errors) {
  const fields = Object.assign({}, ...errors.map(({ extensions }) => extensions?.fields));
  const inputs = [...form.querySelectorAll("input")];
  for (const field of inputs) {
    const isBad = field.name in fields;
    field.ariaInvalid = String(isBad);
    document.querySelector(`#${field.id}-problem`).textContent = isBad ? problemOf(field, fields[field.name]) : "";
  }
  const known = new Set(inputs.map(({ name }) => name));
  const isElsewhere = ({ extensions }) => !Object.keys(extensions?.fields ?? {}).some((name) => known.has(name));
  form.querySelector("[data-outcome]").textContent = errors.filter(isElsewhere).map(sentenceOf).join("\n");
  inputs.find(({ ariaInvalid }) => ariaInvalid === "true")?.focus();
}

/** The server's sentences have no subject: it is the label. */
function problemOf(field, sentences) {
  const subject = field.labels[0].textContent;
  const inOurWords = (sentence) => words.sentences[sentence] ?? words.fields[field.name] ?? `${subject}: ${sentence}`;
  return [...new Set(sentences.map(inOurWords))].join("\n");
}

function sentenceOf({ message, extensions }) {
  return words.codes[extensions?.code] ?? words.other ?? message;
}
