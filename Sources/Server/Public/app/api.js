/** Everything that is asked of `/v1`. The access token lives here, in memory, and nowhere else. */
import { signal } from "./reactive.js";

/** Who is signed in, or null. */
export const user = signal(/** @type {import("./types.js").User | null} */ (null));
/** True once the server runs another build than the one this page came with. */
export const outdated = signal(false);

/** Says only that a refresh is worth trying; without it a visitor's first request would be a refused one. */
const HINT = "albatross.signed-in";
let token = "";
let renewAt = 0;
let build = "";
/** @type {Map<string, string>} the position of the own last write, by tenant */
const positions = new Map();
/** @type {Promise<boolean> | null} */
let renewing = null;
/** @type {(() => Promise<boolean>) | null} */
let askToSignIn = null;

export class Problem extends Error {
    constructor(status, body, headers) {
        super(body.title || `HTTP ${status}`);
        this.status = status;
        this.detail = body.detail || "";
        this.retryAfter = Number(headers?.get("Retry-After")) || 0;
        this.request = headers?.get("X-Request-Id") || "";
    }
}

/** @param {() => Promise<boolean>} ask shows the sign-in dialog; true once somebody signed in */
export function onSignInNeeded(ask) { askToSignIn = ask; }

async function send(method, path, { body, headers = {}, signal: abort } = /** @type {any} */ ({})) {
    const tenant = path.split("/")[1];
    const all = { Accept: "application/json", ...headers };
    if (token) all.Authorization = `Bearer ${token}`;
    if (body !== undefined) all["Content-Type"] = "application/json";
    if (method === "GET" && positions.has(tenant)) all["Albatross-Position"] = positions.get(tenant);
    let answer;
    try {
        answer = await fetch("/v1" + path, {
            method, headers: all, body: body === undefined ? undefined : JSON.stringify(body), signal: abort, credentials: "same-origin",
        });
    } catch (error) {
        if (abort?.aborted) throw error;
        throw new Problem(0, { title: "offline" }, null);
    }
    const runs = answer.headers.get("Albatross-Build");
    if (runs) {
        if (build && runs !== build) outdated.value = true;
        build ||= runs;
    }
    const position = answer.headers.get("Albatross-Position");
    if (position && method !== "GET") positions.set(tenant, position);
    return answer;
}

/**
 * @param {string} method
 * @param {string} path below `/v1`
 * @param {{body?: any, headers?: Record<string, string>, signal?: AbortSignal, ask?: boolean}} [options]
 */
export async function call(method, path, options = {}) {
    if (token && Date.now() > renewAt) await renew();
    let answer = await send(method, path, options);
    if (answer.status === 401 && options.ask !== false) {
        const signedIn = (token && (await renew())) || (askToSignIn && (await askToSignIn()));
        if (signedIn) answer = await send(method, path, options);
    }
    if (answer.status === 204) return null;
    const isJSON = /json/.test(answer.headers.get("Content-Type") || "");
    const value = isJSON ? await answer.json().catch(() => ({})) : {};
    if (!answer.ok) throw new Problem(answer.status, value, answer.headers);
    return value;
}

export const get = (path, options) => call("GET", path, options);

/** A write keeps its key over retries, so asking twice never does it twice. */
export const post = (path, body, { key = crypto.randomUUID?.() ?? String(Math.random()).slice(2), ...rest } = /** @type {any} */ ({})) =>
    call("POST", path, { ...rest, body, headers: { "Idempotency-Key": key, ...rest.headers } });

/** A file of `/v1`, as it is. */
export async function file(path, type) {
    if (token && Date.now() > renewAt) await renew();
    const answer = await send("GET", path, { headers: { Accept: type } });
    if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => ({})), answer.headers);
    return answer.blob();
}

function accept(session) {
    token = session.access_token;
    renewAt = Date.now() + Math.max(5, session.expires_in - 60) * 1000;
    user.value = session.user;
    hint(session.user.tenant);
}

function forget() {
    token = "";
    user.value = null;
    hint(null);
}

function hint(value) {
    try {
        if (value) localStorage.setItem(HINT, value);
        else localStorage.removeItem(HINT);
    } catch { /* storage may be off: then a reload asks for the password again */ }
}

export async function signIn(tenant, who, password) {
    const person = who.includes("@") ? { email: who } : { id: who };
    accept(await call("POST", "/login", { body: { tenant, ...person, password, session: "cookie" }, ask: false }));
}

export async function signOut() {
    try { await call("DELETE", "/session", { ask: false }); } catch { /* the token is forgotten all the same */ }
    forget();
}

/** One tab at a time: two would spend the same rotating refresh token, and the second would be refused. */
function renew() {
    renewing ??= (async () => {
        try {
            const run = async () => accept(await callRefresh());
            if (navigator.locks) await navigator.locks.request("albatross.refresh", run);
            else await run();
            return true;
        } catch (error) {
            if (error instanceof Problem && (error.status === 401 || error.status === 403 || error.status === 404)) forget();
            return false;
        } finally {
            renewing = null;
        }
    })();
    return renewing;
}

async function callRefresh() {
    const answer = await send("POST", "/session/refresh", { headers: {} });
    const value = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Problem(answer.status, value, answer.headers);
    return value;
}

/** Takes up the session of an earlier visit, when there was one. */
export async function restore() {
    let before = null;
    try { before = localStorage.getItem(HINT); } catch { /* see hint */ }
    if (before) await renew();
}

// Signing out in one tab signs out the others.
window.addEventListener("storage", (event) => {
    if (event.key === HINT && event.newValue === null && user.peek()) { token = ""; user.value = null; }
});

export const signedInTo = (tenant) => user.value?.tenant === tenant;
export const isStaff = (tenant) => signedInTo(tenant) && ["admin", "staff"].includes(/** @type {any} */ (user.value).role);

/** A one-use ticket for the socket; null for a visitor. */
export async function ticket(tenant) {
    if (user.peek()?.tenant !== tenant) return null;
    return (await call("POST", `/${tenant}/stream/ticket`, { body: {}, ask: false })).ticket;
}
