const form = document.querySelector("form");
const operation = document.querySelector("#operation");
const answer = document.querySelector("#answer");

/** Of the last sign-in on this page; kept nowhere else. */
let signedIn = {};

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => void copy(button));
}
for (const button of document.querySelectorAll("[data-document]")) {
  button.addEventListener("click", () => {
    operation.value = button.dataset.document;
    void run();
  });
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void run();
});

async function copy(button) {
  const text = document.querySelector(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(text);
  }
}

async function run() {
  const { accessToken, refreshToken } = signedIn;
  const headers = { "content-type": "application/json", ...(accessToken && { authorization: `Bearer ${accessToken}` }) };
  const query = operation.value.replaceAll("REFRESH_TOKEN", refreshToken ?? "REFRESH_TOKEN");
  try {
    const response = await fetch("/graphql", { method: "POST", headers, body: JSON.stringify({ query }) });
    const result = await response.json();
    for (const payload of Object.values(result.data ?? {})) {
      if (payload?.accessToken) signedIn = { ...signedIn, ...payload };
    }
    answer.textContent = JSON.stringify(result, null, 2);
  } catch {
    answer.textContent = "The server cannot be reached. Is it still running?";
  }
}
