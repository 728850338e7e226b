/**
 * Shapes of `/v1`, as `openapi.yaml` has them. Never loaded by the page.
 *
 * @typedef {{id: string, ident: string, name: string, role: "admin"|"staff"|"dispatcher"|"pilot", tenant: string}} User
 * @typedef {{slug: string, name: string, icao: string, live_public: boolean}} Tenant
 * @typedef {{id: string, callsign: string, lat: number, lon: number, alt_ft: number, gs_kt: number, hdg: number,
 *   vs_fpm: number|null, phase: string, dep: string, arr: string, type: string|null, reg: string|null,
 *   pilot?: string|null, t: string, seen: string, state: "open"|"paused"|"landed"}} Live
 * @typedef {{rule: string, verdict: string, severity: string, action: string, points: number, title: string, text: string,
 *   measured: {value: number, unit: string}|null, threshold: {value: number, unit: string}|null, confidence: string,
 *   evidence: {first: string, last: string}[], start: {lat: number, lon: number}|null, end: {lat: number, lon: number}|null,
 *   params: Record<string, any>}} Finding
 */
export {};
