/** @module The routes of health, diagnostics, metrics, audit and tokens. */
import type { AuditRecord, Registry } from '@forge/core';
import * as contract from '../contract/system.ts';
import { type Route, route } from '../http/serve.ts';
import type { ApiCallbacks } from './callbacks.ts';
import { iso } from './views.ts';

/** Serves what is not a family of its own. */
export function systemRoutes(registry: Registry, callbacks: ApiCallbacks, version: string): Route[] {
  return [
    route(contract.getHealth, async () => {
      const ok = (await callbacks.health()).every((item) => item.ok);
      return Response.json({ status: ok ? 'healthy' : 'unhealthy' }, { status: ok ? 200 : 503 });
    }),
    route(contract.getReadiness, async () => {
      const items = await callbacks.health();
      const ok = items.every((item) => item.ok);
      const statusItems = items.map((item) => ({
        name: item.name,
        statusCode: item.ok ? 200 : 503,
        message: item.message ?? (item.ok ? 'ok' : 'failed'),
      }));
      return Response.json({ status: ok ? 'ready' : 'unready', statusItems }, { status: ok ? 200 : 503 });
    }),
    route(contract.getVersion, async () => ({
      timestamp: iso(Date.now()),
      app: { name: 'forge', version, mcpProtocolVersion: registry.protocolVersions[0] ?? 'none' },
      ...(await callbacks.diagnostics()),
    })),
    route(contract.getMetrics, () => callbacks.metrics()),
    route(contract.listAudit, async ({ principal, query }) => {
      const page = await registry.audit.list(principal, query);
      return { entries: page.items.map(auditView), nextCursor: page.nextCursor ?? null };
    }),
    route(contract.revokeToken, async ({ principal, body: { jti, expiresAt } }) => {
      await registry.tokens.revoke(principal, {
        jti,
        expiresAt: expiresAt === undefined ? undefined : Date.parse(expiresAt),
      });
      return { status: 'success', message: 'The token is refused from now on', jti };
    }),
  ];
}

function auditView({
  id,
  at,
  principal,
  method,
  target,
  serverId,
  upstreamId,
  outcome,
  errorCode,
  durationMs,
}: AuditRecord) {
  return {
    id,
    at: iso(at),
    principal,
    method,
    target: target ?? null,
    serverId: serverId ?? null,
    gatewayId: upstreamId ?? null,
    outcome,
    errorCode: errorCode ?? null,
    durationMs,
  };
}
