/**
 * Where every aircraft is shown, at any moment. Pure: no DOM, no map; time is handed in.
 *
 * Two ways of moving. Flights at real speed are carried on along their track by ground speed, for at most twice their
 * usual interval or 20 s, and an error is let go of slowly. Flights whose reports lie much further apart than their
 * ground speed allows (a replayed or sped-up simulation) glide from report to report instead: carrying them on would
 * need a guess about the speed of time.
 */
import { mercatorX, mercatorY, longitude, latitude, distance, unwrap } from "./geo.js";

const CARRY_MAX = 20_000;
const TRAIL = 48;
const TRAIL_AGE = 600_000;
const GROUND = new Set(["boarding", "pushback", "taxiOut", "taxiIn", "arrived"]);

export const onGround = (flight) => GROUND.has(flight.phase) || flight.state === "landed";

/** @typedef {{flight: any, seen: number, at: number, x: number, y: number, fromX: number, fromY: number, from: number, until: number,
 *  vx: number, vy: number, interval: number, lapse: number, received: number, glide: boolean, trail: number[][]}} Mover */

export class Fleet {
    constructor() {
        /** @type {Map<string, Mover>} */
        this.movers = new Map();
        /** Raised by every change of the set or of a report. */
        this.version = 0;
    }

    get size() { return this.movers.size; }

    /** Replaces everything; an aircraft that stays keeps its place on the screen and its trail. */
    reset(flights, now) {
        const kept = new Set(flights.map((flight) => flight.id));
        for (const id of this.movers.keys()) if (!kept.has(id)) this.movers.delete(id);
        for (const flight of flights) this.put(flight, now);
        this.version += 1;
    }

    apply(upsert, remove, now) {
        for (const flight of upsert) this.put(flight, now);
        for (const id of remove) this.movers.delete(id);
        this.version += 1;
    }

    /** An absent key keeps its value; a report older than the shown one changes the trail, never the marker. */
    put(part, now) {
        const known = this.movers.get(part.id);
        if (!known) {
            const x = mercatorX(part.lon);
            const y = mercatorY(part.lat);
            const at = Date.parse(part.t);
            /** @type {Mover} */
            const mover = { flight: { ...part }, seen: Date.parse(part.seen ?? part.t), at, x, y, fromX: x, fromY: y, from: now, until: now, vx: 0, vy: 0, interval: 0, lapse: 0, received: now, glide: false, trail: [[at, x, y]] };
            this.carry(mover);
            this.movers.set(part.id, mover);
            return;
        }
        const at = part.t === undefined ? known.at : Date.parse(part.t);
        const moved = part.lat !== undefined && part.lon !== undefined;
        if (moved && at < known.at) {
            this.trailPoint(known, at, part.lon, part.lat);
            return;
        }
        const before = known.flight;
        const flight = { ...before, ...part };
        known.flight = flight;
        known.seen = Date.parse(flight.seen ?? flight.t);
        if (!moved || (at === known.at && part.lat === before.lat && part.lon === before.lon)) {
            this.carry(known);
            return;
        }
        const [shownX, shownY] = this.shown(known, now);
        const gap = Math.max(80, now - known.received);
        const miles = distance(before.lat, before.lon, flight.lat, flight.lon);
        const expected = (Math.max(flight.gs_kt, 30) / 3_600_000) * gap;
        const lapse = miles / expected;
        const sudden = miles > 5 && lapse > 4 * Math.max(1.5, known.lapse);
        known.interval = known.interval ? known.interval * 0.7 + Math.min(gap, 60_000) * 0.3 : Math.min(gap, 60_000);
        known.lapse = known.lapse ? known.lapse * 0.7 + lapse * 0.3 : lapse;
        known.glide = known.lapse > 2 && miles > 0.05;
        known.received = now;
        known.at = at;
        known.x = mercatorX(unwrap(flight.lon, longitude(known.x)));
        known.y = mercatorY(flight.lat);
        if (sudden) known.trail = [];
        this.trailPoint(known, at, flight.lon, flight.lat);
        this.carry(known);
        known.from = now;
        if (sudden) {
            [known.fromX, known.fromY] = [known.x, known.y];
            known.until = now;
            return;
        }
        [known.fromX, known.fromY] = [shownX, shownY];
        if (known.glide) known.until = now + Math.min(CARRY_MAX, known.interval * 1.15);
        else {
            // Too far ahead: slow down, never turn back. So the error is let go of no faster than the aircraft flies.
            const errorX = shownX - known.x;
            const errorY = shownY - known.y;
            const speed = Math.hypot(known.vx, known.vy);
            const ahead = speed > 0 ? (errorX * known.vx + errorY * known.vy) / speed : 0;
            const needed = ahead > 0 ? ahead / (0.8 * speed) : 0;
            known.until = now + Math.max(600, Math.min(known.interval, 5000), Math.min(needed, CARRY_MAX));
        }
    }

    /** Velocity on the mercator square per millisecond, from heading and ground speed. */
    carry(mover) {
        const { flight } = mover;
        if (onGround(flight) || flight.state === "paused" || mover.glide) {
            mover.vx = 0;
            mover.vy = 0;
            return;
        }
        const scale = 1 / (21_600 * Math.max(0.1, Math.cos((flight.lat * Math.PI) / 180)));
        const step = (flight.gs_kt / 3_600_000) * scale;
        mover.vx = Math.sin((flight.hdg * Math.PI) / 180) * step;
        mover.vy = -Math.cos((flight.hdg * Math.PI) / 180) * step;
    }

    /** @param {Mover} mover @param {number} now @returns {[number, number]} */
    shown(mover, now) {
        const left = mover.until > mover.from ? Math.max(0, (mover.until - now) / (mover.until - mover.from)) : 0;
        const share = Math.min(1, left);
        if (mover.glide) return [mover.x + (mover.fromX - mover.x) * share, mover.y + (mover.fromY - mover.y) * share];
        const limit = Math.min(CARRY_MAX, Math.max(2 * (mover.interval || 5000), 4000));
        const carried = Math.max(0, Math.min(now - mover.received, limit));
        return [
            mover.x + mover.vx * carried + (mover.fromX - mover.x) * share,
            mover.y + mover.vy * carried + (mover.fromY - mover.y) * share,
        ];
    }

    /** Still on its way at `now`? Nothing moves, nothing needs drawing. */
    moving(now) {
        for (const mover of this.movers.values()) {
            if (now < mover.until) return true;
            if (mover.vx || mover.vy) {
                if (now - mover.received < Math.min(CARRY_MAX, Math.max(2 * (mover.interval || 5000), 4000))) return true;
            }
        }
        return false;
    }

    trailPoint(mover, at, lon, lat) {
        const { trail } = mover;
        const x = mercatorX(unwrap(lon, longitude(mover.x)));
        const point = [at, x, mercatorY(lat)];
        let place = trail.length;
        while (place > 0 && trail[place - 1][0] > at) place -= 1;
        if (place > 0 && trail[place - 1][0] === at) trail[place - 1] = point;
        else trail.splice(place, 0, point);
        const newest = trail[trail.length - 1][0];
        while (trail.length > TRAIL || (trail.length > 2 && newest - trail[0][0] > TRAIL_AGE)) trail.shift();
    }

    /** Longitude and latitude of the place where the aircraft is shown. */
    place(id, now) {
        const mover = this.movers.get(id);
        if (!mover) return null;
        const [x, y] = this.shown(mover, now);
        return { lon: longitude(x), lat: latitude(y) };
    }
}

/** Fresh, late, stale, landed or paused: words as well as looks follow it. */
export function freshness(mover, serverNow) {
    const { flight } = mover;
    if (flight.state === "landed") return "landed";
    const silent = serverNow - mover.seen;
    if (silent > 900_000) return "stale";
    if (silent > Math.max(120_000, 4 * (mover.interval || 0))) return "late";
    return flight.state === "paused" ? "paused" : "fresh";
}
