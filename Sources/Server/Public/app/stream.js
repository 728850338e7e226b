/**
 * The stream of one tenant: a socket that comes back, and polling where no socket can be opened.
 *
 * `seq` rises by more than one; it is only ever kept and sent back, never counted with.
 */
import { signal } from "./reactive.js";
import * as api from "./api.js";

const SLOW_CONSUMER = 4008;
const HIDDEN_CLOSE = 60_000;
const POLL = 15_000;

export class Stream {
    /** @param {string} tenant */
    constructor(tenant) {
        this.tenant = tenant;
        /** connecting, live, lost, slow (polling), refused */
        this.state = signal("connecting");
        /** @type {ReturnType<typeof signal<Date | null>>} when the connection was lost */
        this.since = signal(/** @type {Date | null} */ (null));
        /** Server clock minus the clock of this machine, in milliseconds. */
        this.offset = 0;
        this.seq = 0;
        /** @type {Set<(message: any) => void>} */
        this.listeners = new Set();
        /** @type {Map<string, any>} subscriptions that a new socket starts with */
        this.topics = new Map();
        this.bbox = null;
        this.tooSlow = signal(false);
        this.attempt = 0;
        this.refusals = 0;
        this.ended = false;
        this.onVisibility = () => this.visibility();
        document.addEventListener("visibilitychange", this.onVisibility);
        window.addEventListener("online", this.onOnline = () => this.retryNow());
        this.open();
    }

    now() { return Date.now() + this.offset; }

    listen(listener) {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
    }

    /** @param {string} topic @param {any} [more] */
    subscribe(topic, more = {}) {
        const key = topic + (more.id ?? "");
        this.topics.set(key, { topic, ...more });
        if (this.socket?.readyState === 1) this.send({ op: "subscribe", topic, ...more });
        return () => {
            this.topics.delete(key);
            if (this.socket?.readyState === 1) this.send({ op: "unsubscribe", topic, ...more });
        };
    }

    send(message) { this.socket?.send(JSON.stringify(message)); }

    async open() {
        if (this.ended || this.opening) return;
        this.opening = true;
        try {
            const ticket = await api.ticket(this.tenant);
            if (this.ended) return;
            const url = new URL(`/v1/${this.tenant}/stream`, window.location.href);
            url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
            if (ticket) url.searchParams.set("ticket", ticket);
            const socket = new WebSocket(url);
            this.socket = socket;
            let opened = false;
            socket.onopen = () => {
                opened = true;
                this.refusals = 0;
                for (const [, topic] of this.topics) {
                    if (topic.topic === "live" && this.seq) this.send({ op: "resume", topic: "live", seq: this.seq, ...this.area() });
                    else this.send({ op: "subscribe", ...topic, ...(topic.topic === "live" ? this.area() : {}) });
                }
                // A server that sends nothing at once is still a server that answered.
                if (!this.topics.has("live")) this.isLive();
            };
            socket.onmessage = (event) => {
                if (this.socket !== socket) return;
                let message;
                try { message = JSON.parse(event.data); } catch { return; }
                this.take(message);
            };
            socket.onclose = (event) => {
                if (this.socket !== socket) return;
                this.socket = null;
                if (!opened) this.refusals += 1;
                if (event.code === SLOW_CONSUMER) this.tooSlow.value = true;
                this.lost();
            };
        } catch {
            this.lost();
        } finally {
            this.opening = false;
        }
    }

    /** A page that could not keep up asks only for what it shows. */
    area() { return this.tooSlow.peek() && this.bbox ? { bbox: this.bbox } : {}; }

    /** @param {number[]} bbox */
    look(bbox) {
        this.bbox = bbox;
        if (!this.tooSlow.peek() || this.socket?.readyState !== 1) return;
        clearTimeout(this.looking);
        this.looking = setTimeout(() => this.socket?.readyState === 1 && this.send({ op: "subscribe", topic: "live", ...this.area() }), 500);
    }

    take(message) {
        if (message.now) {
            const offset = Date.parse(message.now) - Date.now();
            // The smallest delay seen is the truest; a late message must not turn the clock back.
            this.offset = this.offset === 0 || offset > this.offset ? offset : this.offset + (offset - this.offset) * 0.05;
        }
        if (message.topic === "live" && typeof message.seq === "number") this.seq = message.seq;
        if (message.topic === "live") this.isLive();
        for (const listener of this.listeners) listener(message);
    }

    isLive() {
        this.attempt = 0;
        clearInterval(this.polling);
        this.polling = undefined;
        this.state.value = "live";
        this.since.value = null;
    }

    lost() {
        if (this.ended) return;
        if (this.state.peek() !== "slow") {
            if (this.state.peek() === "live") this.since.value = new Date();
            this.since.value ??= new Date();
            if (this.state.peek() !== "connecting" || this.attempt > 0) this.state.value = "lost";
        }
        // Sockets that never open while plain requests work: a proxy in between. Then ask now and then.
        if (this.refusals >= 3 && !this.polling) {
            this.poll();
            this.polling = setInterval(() => this.poll(), POLL);
        }
        if (document.hidden) return;
        const wait = Math.min(15, 0.5 * 2 ** this.attempt) * (0.7 + Math.random() * 0.6);
        this.attempt += 1;
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.open(), wait * 1000);
    }

    retryNow() {
        if (this.ended || this.socket) return;
        clearTimeout(this.timer);
        this.attempt = 0;
        this.open();
    }

    async poll() {
        try {
            const value = await api.get(`/${this.tenant}/live`, { ask: false });
            if (this.ended || this.state.peek() === "live") return;
            this.state.value = "slow";
            if (value.now) this.offset = Date.parse(value.now) - Date.now();
            this.seq = value.seq;
            for (const listener of this.listeners) listener({ type: "snapshot", topic: "live", ...value });
        } catch (error) {
            if (error instanceof api.Problem && [401, 403, 404].includes(error.status)) {
                this.state.value = "refused";
                this.close();
            } else if (this.state.peek() === "slow") this.state.value = "lost";
        }
    }

    /** Nobody looks at a hidden tab: after a minute it gives its socket back. */
    visibility() {
        clearTimeout(this.hiding);
        if (document.hidden) this.hiding = setTimeout(() => { this.asleep = true; this.socket?.close(1000); }, HIDDEN_CLOSE);
        else if (!this.socket) this.retryNow();
    }

    close() {
        this.ended = true;
        clearTimeout(this.timer);
        clearTimeout(this.hiding);
        clearInterval(this.polling);
        document.removeEventListener("visibilitychange", this.onVisibility);
        window.removeEventListener("online", this.onOnline);
        this.socket?.close(1000);
        this.socket = null;
    }
}
