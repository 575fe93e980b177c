/** @module What an import did, or would do, to be read in a terminal. */

/** What is read of the API's answers. */
export interface ImportAnswer {
  readonly title: string;
  readonly revision: string;
  readonly url: string | null;
  readonly operations: readonly Line[];
  readonly skipped: readonly { readonly method: string; readonly path: string; readonly reason: string }[];
  readonly unselected: number;
  readonly credentials: readonly {
    readonly name: string;
    readonly type: string;
    readonly needs: readonly (readonly string[])[];
    readonly isBound: boolean;
    readonly operations: number;
    readonly problem: string | null;
  }[];
  readonly notes: readonly string[];
  readonly gateway?: { readonly id: string; readonly name: string; readonly toolCount: number } | null;
  /** When it was imported again. */
  readonly added?: readonly Line[];
  readonly changed?: readonly (Line & { readonly fields: readonly string[] })[];
  readonly removed?: readonly Line[];
  readonly unchanged?: number;
}

interface Line {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly notes?: readonly string[];
}

/** Several lines; ends with a line feed. */
export function describeImport(answer: ImportAnswer): string {
  const { title, revision, url, operations, skipped, unselected, gateway, notes } = answer;
  const counts = [
    `${operations.length} tools`,
    `${skipped.length} operations that cannot be tools`,
    ...(unselected > 0 ? [`${unselected} not selected`] : []),
  ];
  const isAgain = answer.unchanged !== undefined;
  return [
    printable(`${title} (OpenAPI ${revision}) at ${url ?? 'a server that must be given by --base-url'}`),
    counts.join(', '),
    ...section('Notes', notes),
    ...(isAgain ? differences(answer) : table('Tools', operations)),
    ...section(
      'Cannot be tools',
      skipped.map(({ method, path, reason }) => `${method} ${path}: ${reason}`),
    ),
    ...section('Credentials', answer.credentials.map(credentialLine)),
    ...(gateway ? ['', `The gateway "${gateway.name}" (${gateway.id}) has ${gateway.toolCount} tools.`] : []),
    '',
  ].join('\n');
}

function differences({ added = [], changed = [], removed = [], unchanged = 0 }: ImportAnswer): string[] {
  const fields = changed.map((line) => ({ ...line, notes: [line.fields.join(', ')] }));
  return [
    ...table('Added', added),
    ...table('Changed', fields),
    ...table('Removed', removed),
    '',
    `${unchanged} unchanged`,
  ];
}

function table(title: string, lines: readonly Line[]): string[] {
  const width = Math.max(0, ...lines.map(({ name }) => name.length));
  return section(
    title,
    lines.flatMap(({ name, method, path, notes = [] }) => [
      `${name.padEnd(width)}  ${method.padEnd(6)} ${path}`,
      ...notes.map((note) => `${' '.repeat(width)}  - ${note}`),
    ]),
  );
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${printable(line)}`)];
}

function credentialLine({
  name,
  type,
  needs,
  isBound,
  operations,
  problem,
}: ImportAnswer['credentials'][number]): string {
  const ways = needs.map((fields) => fields.map((field) => `${name}.${field}`).join(' and ')).join(', or ');
  const state = isBound ? 'given' : ways === '' ? (problem ?? 'not supported') : `give ${ways} by --credential`;
  return `${name} (${type}, ${operations} operations): ${state}`;
}

/** What a document says goes to a terminal, which obeys control characters. */
function printable(line: string): string {
  return line.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ');
}
