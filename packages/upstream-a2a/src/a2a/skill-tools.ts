/** @module Skills as tools. A card says in words what a skill does; what it takes is what every agent takes. */
import type { AgentSkill } from '@a2a-js/sdk';
import { hashedName } from '@forge/core';
import type { ToolDefinition } from '../agent.ts';

/** A tool, and what it stands for. */
export interface SkillTool {
  readonly definition: ToolDefinition;
  /** What the agent is told; absent for the tool that stands for the agent as a whole. */
  readonly skillId?: string | undefined;
}

/** What is read of a skill. */
export type SkillFields = Pick<AgentSkill, 'id'> &
  Partial<Pick<AgentSkill, 'name' | 'description' | 'examples' | 'tags'>> & {
    readonly inputSchema?: ToolDefinition['inputSchema'] | undefined;
  };

/** What clients take as a tool's name. */
const NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const MAX_DESCRIPTION = 4096;
const MAX_EXAMPLES = 5;

/** Arguments of any agent. What is not named here is sent as data, too. */
const PROPERTIES = {
  query: { type: 'string', description: 'What to ask or tell the agent, in words' },
  data: { type: 'object', description: 'Structured input for the agent' },
  files: {
    type: 'array',
    description: 'Files for the agent, each in base64 or by its URL',
    items: {
      type: 'object',
      properties: {
        name: { type: 'string' },
        mimeType: { type: 'string' },
        data: { type: 'string', description: 'Base64' },
        url: { type: 'string' },
      },
    },
  },
  contextId: {
    type: 'string',
    description: 'Goes on with an earlier conversation: `contextId` of its result, to be found in `_meta["forge/a2a"]`',
  },
};

/** One tool for each skill, by name; one for the agent itself where it has none. */
export function toolsOf(
  skills: readonly SkillFields[],
  agent: { readonly slug: string; readonly name: string; readonly description: string },
): ReadonlyMap<string, SkillTool> {
  const tools = new Map<string, SkillTool>();
  for (const skill of skills) {
    const name = NAME.test(skill.id) && !tools.has(skill.id) ? skill.id : hashedName(skill.id);
    if (skill.id !== '' && !tools.has(name)) tools.set(name, { definition: toolOf(name, skill), skillId: skill.id });
  }
  if (tools.size === 0) tools.set(agentToolName(agent.slug), { definition: agentTool(agent) });
  return tools;
}

/** The name of the tool that stands for a whole agent. */
export function agentToolName(slug: string): string {
  return `a2a_${slug}`;
}

function toolOf(
  name: string,
  { id, name: title, description, examples = [], inputSchema }: SkillFields,
): ToolDefinition {
  const shown = examples.slice(0, MAX_EXAMPLES).map((example) => `- ${example}`);
  const text = [description ?? '', ...(shown.length === 0 ? [] : [`Examples:\n${shown.join('\n')}`])].join('\n\n');
  return {
    name,
    title: title || id,
    description: text.trim().slice(0, MAX_DESCRIPTION),
    inputSchema: inputSchema ?? { type: 'object', properties: PROPERTIES },
    annotations: { openWorldHint: true },
  };
}

function agentTool({ slug, name, description }: { slug: string; name: string; description: string }): ToolDefinition {
  return {
    name: agentToolName(slug),
    title: name,
    description: (description || `Asks the agent ${name}`).slice(0, MAX_DESCRIPTION),
    inputSchema: { type: 'object', properties: PROPERTIES, required: ['query'] },
    annotations: { openWorldHint: true },
  };
}
