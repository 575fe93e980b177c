/** @module Style and script of the documentation page, as they are served. */

/** The style: follows the reader's choice of light or dark. */
export const DOCS_STYLE = `:root{color-scheme:light dark;--line:light-dark(#d0d7de,#3d444d);--soft:light-dark(#f6f8fa,#151b23);--link:light-dark(#0550ae,#79b8ff)}
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:70rem;padding:1rem;background:light-dark(#fff,#0d1117);color:light-dark(#1f2328,#f0f6fc)}
a{color:var(--link)}
.skip{position:absolute;left:-999rem}
.skip:focus{left:1rem}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
nav ul{display:flex;flex-wrap:wrap;gap:.5rem 1.25rem;list-style:none;padding:0}
.tools{display:flex;flex-wrap:wrap;gap:1rem;align-items:end}
label{display:inline-block;margin:.25rem 0}
input,textarea,button{font:inherit;color:inherit;background:light-dark(#fff,#0d1117);border:1px solid light-dark(#656d76,#9198a1);border-radius:.3rem;padding:.3rem .5rem}
textarea{display:block;width:min(100%,50rem);font-family:ui-monospace,monospace;font-size:.9rem}
button{cursor:pointer}
details{border:1px solid var(--line);border-radius:.4rem;margin:.4rem 0;padding:.3rem .7rem}
summary{cursor:pointer}
.method{display:inline-block;min-width:4.5rem;font-weight:700;font-family:ui-monospace,monospace}
.get{color:light-dark(#0a5d2c,#56d364)}.post{color:light-dark(#0550ae,#79b8ff)}.put{color:light-dark(#7d4e00,#e3b341)}.delete{color:light-dark(#a40e26,#ff7b72)}
.hint,small{color:light-dark(#57606a,#a5adb7);font-size:.85rem}
form label,form .hint{display:block}
pre{background:var(--soft);border:1px solid var(--line);border-radius:.4rem;overflow:auto;max-height:24rem;padding:.6rem;font-size:.85rem}
`;

/** The script: sends requests with the token typed in, shows answers, filters operations. Nothing is stored. */
export const DOCS_SCRIPT = `'use strict';
const root = new URL('./', location.href);
for (const form of document.querySelectorAll('form[data-path]')) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const answer = form.querySelector('.answer');
    answer.hidden = false;
    answer.textContent = 'Sending ...';
    try {
      answer.textContent = await send(form);
    } catch (error) {
      answer.textContent = 'The request was not sent: ' + error.message;
    }
  });
}
async function send(form) {
  let path = form.dataset.path.slice(1);
  const query = new URLSearchParams();
  for (const input of form.querySelectorAll('input[data-in]')) {
    if (input.dataset.in === 'path') path = path.replace('{' + input.name + '}', () => encodeURIComponent(input.value));
    else if (input.value !== '') query.set(input.name, input.value);
  }
  const url = new URL(path, root);
  url.search = query;
  const headers = new Headers();
  const token = document.getElementById('token').value.trim();
  if (token !== '') headers.set('authorization', token.includes(' ') ? token : 'Bearer ' + token);
  const body = form.querySelector('[name=body]')?.value;
  if (body !== undefined) headers.set('content-type', 'application/json');
  const response = await fetch(url, { method: form.dataset.method, headers, body, credentials: 'omit' });
  return response.status + ' ' + response.statusText + '\\n\\n' + pretty(await response.text());
}
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
const filter = document.getElementById('filter');
filter.addEventListener('input', () => {
  const words = filter.value.toLowerCase().split(' ');
  let count = 0;
  for (const operation of document.querySelectorAll('.operation')) {
    const text = operation.querySelector('summary').textContent.toLowerCase();
    operation.hidden = !words.every((word) => text.includes(word));
    if (!operation.hidden) count += 1;
  }
  document.getElementById('found').textContent = count + ' operations';
});
`;
