/** @module The documentation page: all of it readable without its script, which only sends requests and filters. */
import type { OpenApi, OperationObject, Parameter, Schema } from './openapi.ts';

/** Text that is safe in HTML, in contents and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** The page of an API. */
export function renderDocs(api: OpenApi): string {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const sections = api.tags.map(({ name }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name));
    return `<section aria-labelledby="${anchor(name)}"><h2 id="${anchor(name)}">${escapeHtml(name)}</h2>
${own.map(({ path, method, operation }) => renderOperation(api, path, method, operation)).join('\n')}</section>`;
  });
  const links = [...api.tags.map(({ name }) => name), 'Schemas'].map(
    (name) => `<li><a href="#${anchor(name)}">${escapeHtml(name)}</a></li>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(api.info.title)} API</title>
<link rel="stylesheet" href="docs/docs.css">
<script src="docs/docs.js" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the operations</a>
<header>
<h1>${escapeHtml(api.info.title)} API <small>${escapeHtml(api.info.version)}</small></h1>
<p>${escapeHtml(api.info.description)} <a href="openapi.json">openapi.json</a></p>
<p class="tools">
<label>Token <input id="token" type="password" autocomplete="off" spellcheck="false" placeholder="for the requests below; kept in this page only"></label>
<label>Find <input id="filter" type="search" autocomplete="off"></label>
<span id="found" role="status"></span>
</p>
<nav aria-label="Families"><ul>${links.join('')}</ul></nav>
</header>
<main id="main">
${sections.join('\n')}
<section aria-labelledby="${anchor('Schemas')}"><h2 id="${anchor('Schemas')}">Schemas</h2>
${Object.entries(api.components.schemas).map(renderSchema).join('\n')}</section>
</main>
</body>
</html>
`;
}

function renderOperation(api: OpenApi, path: string, method: string, operation: OperationObject): string {
  const { operationId, summary, description, parameters, requestBody, responses, security } = operation;
  const body = requestBody?.content['application/json'].schema;
  const [status = '', response] = Object.entries(responses).find(([key]) => key !== 'default') ?? [];
  return `<details class="operation" id="${operationId}">
<summary><span class="method ${method}">${method.toUpperCase()}</span> <code>${escapeHtml(path)}</code> <span>${escapeHtml(summary)}</span></summary>
${description === undefined ? '' : `<p>${escapeHtml(description)}</p>`}
<p>${security.length === 0 ? 'Needs no credentials.' : 'Needs a token.'} ${escapeHtml(response?.description ?? '')}.</p>
<form data-method="${method.toUpperCase()}" data-path="${escapeHtml(path)}" aria-label="Try ${escapeHtml(summary)}">
${parameters.map((parameter) => renderParameter(operationId, parameter)).join('\n')}
${body ? `<label>Body <textarea name="body" rows="6" spellcheck="false">${escapeHtml(exampleOf(api, body))}</textarea></label>` : ''}
<button>Send</button>
<pre class="answer" role="status" tabindex="0" hidden></pre>
</form>
${body ? `<h3>Body</h3>${renderJson(body)}` : ''}
<h3>Answer ${escapeHtml(status)}</h3>${renderJson(response?.content['application/json'].schema)}
</details>`;
}

function renderParameter(operationId: string, { name, in: place, required, description, schema }: Parameter): string {
  const hint = `${operationId}-${name}-hint`;
  const type = schema['enum'] ? (schema['enum'] as string[]).join(' | ') : (schema['type'] as string | undefined);
  const note = [type, required ? 'required' : '', description ?? ''].filter(Boolean).join(', ');
  return `<label>${escapeHtml(name)} <input name="${escapeHtml(name)}" data-in="${place}"${required ? ' required' : ''} aria-describedby="${hint}" autocomplete="off"></label> <span id="${hint}" class="hint">${escapeHtml(note)}</span>`;
}

function renderSchema([name, schema]: [string, Schema]): string {
  return `<details id="${anchor(`schema ${name}`)}"><summary><code>${escapeHtml(name)}</code></summary>${renderJson(schema)}</details>`;
}

/** A schema as text, with links to the schemas that it refers to. */
function renderJson(schema: unknown): string {
  const text = escapeHtml(JSON.stringify(schema ?? {}, null, 2));
  const linked = text.replaceAll(/#\/components\/schemas\/(\w+)/g, (ref, name: string) => {
    return `<a href="#${anchor(`schema ${name}`)}">${ref}</a>`;
  });
  return `<pre tabindex="0">${linked}</pre>`;
}

function anchor(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}

/** A body to begin with: the first example of its schema. */
function exampleOf({ components }: OpenApi, schema: Schema): string {
  const name = (schema['$ref'] as string | undefined)?.split('/').at(-1) ?? '';
  const [first] = ((components.schemas[name] ?? schema)['examples'] ?? []) as unknown[];
  return JSON.stringify(first ?? {}, null, 2);
}
