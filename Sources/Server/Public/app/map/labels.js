/**
 * Names over the map, on canvases of our own: labels of moving symbols flicker in the engine, and its text needs font
 * files. A placed label stays where it is until it truly collides, and at least a second and a half.
 */
import { altitude } from "../format.js";
import { onGround, freshness } from "./motion.js";
import { mercatorX, mercatorY } from "./geo.js";
import { colours } from "./style.js";

const GRID = 32;
const STAY = 1500;
const SIDES = [[14, -9], [14, 6], [-14, -9], [-14, 6], [0, -24], [0, 14], [18, -20], [-18, -20]];
const FONT = "system-ui, sans-serif";

/** Where a mercator place lies on the screen. Projecting thousands one by one through the engine would cost a frame. */
export class Projector {
    constructor(map) { this.map = map; }

    update() {
        const { map } = this;
        const box = map.getContainer();
        const centre = map.getCenter();
        this.width = box.clientWidth;
        this.height = box.clientHeight;
        this.zoom = map.getZoom();
        this.size = 512 * 2 ** this.zoom;
        this.x = mercatorX(centre.lng);
        this.y = mercatorY(centre.lat);
        // With a panel beside it the map's centre is not the middle of the canvas.
        const middle = map.project(centre);
        this.left = middle.x;
        this.top = middle.y;
        this.globe = map.getProjection()?.type === "globe" && this.zoom < 12;
    }

    /** @returns {[number, number] | null} null where the globe hides it */
    at(x, y) {
        const dx = x - this.x;
        const nearest = dx - Math.round(dx);
        if (!this.globe) return [nearest * this.size + this.left, (y - this.y) * this.size + this.top];
        const place = { lng: x * 360 - 180, lat: (2 * Math.atan(Math.exp((1 - 2 * y) * Math.PI)) - Math.PI / 2) * (180 / Math.PI) };
        const transform = /** @type {any} */ (this.map).transform;
        if (transform.isLocationOccluded?.(place)) return null;
        const point = this.map.project(place);
        return [point.x, point.y];
    }

    inside(point, margin = 40) {
        return point && point[0] > -margin && point[1] > -margin && point[0] < this.width + margin && point[1] < this.height + margin;
    }
}

class Taken {
    constructor() { this.cells = new Map(); }

    free(x, y, w, h) {
        for (let cx = Math.floor(x / GRID); cx <= Math.floor((x + w) / GRID); cx += 1) {
            for (let cy = Math.floor(y / GRID); cy <= Math.floor((y + h) / GRID); cy += 1) {
                for (const each of this.cells.get(cx * 4096 + cy) ?? []) {
                    if (x < each[0] + each[2] && each[0] < x + w && y < each[1] + each[3] && each[1] < y + h) return false;
                }
            }
        }
        return true;
    }

    take(x, y, w, h) {
        const box = [x, y, w, h];
        for (let cx = Math.floor(x / GRID); cx <= Math.floor((x + w) / GRID); cx += 1) {
            for (let cy = Math.floor(y / GRID); cy <= Math.floor((y + h) / GRID); cy += 1) {
                const key = cx * 4096 + cy;
                const list = this.cells.get(key);
                if (list) list.push(box);
                else this.cells.set(key, [box]);
            }
        }
    }
}

/** Text drawn once and then copied: outlined text is the dearest thing a canvas does. */
class Stamps {
    constructor() { this.made = new Map(); }

    get(key, lines, colour, halo, ratio) {
        let stamp = this.made.get(key);
        if (stamp) return stamp;
        if (this.made.size > 1500) this.made.clear();
        const canvas = document.createElement("canvas");
        const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
        let width = 0;
        let height = 4;
        for (const [text, font, size] of lines) {
            context.font = `${font} ${size}px ${FONT}`;
            width = Math.max(width, context.measureText(text).width);
            height += size + 2;
        }
        width = Math.ceil(width) + 6;
        canvas.width = Math.ceil(width * ratio);
        canvas.height = Math.ceil(height * ratio);
        context.scale(ratio, ratio);
        context.textBaseline = "top";
        context.lineJoin = "round";
        let y = 2;
        for (const [text, font, size, tint] of lines) {
            context.font = `${font} ${size}px ${FONT}`;
            context.lineWidth = 3;
            context.strokeStyle = halo;
            context.strokeText(text, 3, y);
            context.fillStyle = tint ?? colour;
            context.fillText(text, 3, y);
            y += size + 2;
        }
        stamp = { canvas, width, height, away: 1 };
        this.made.set(key, stamp);
        return stamp;
    }
}

/** A callsign is what somebody typed: a label shows a piece of it, without marks that turn text round. */
export const shortName = (text) => {
    const plain = [...String(text ?? "").replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "")];
    return plain.length > 12 ? `${plain.slice(0, 11).join("")}…` : plain.join("");
};

export class Labels {
    constructor(map, fleet, view) {
        this.map = map;
        this.fleet = fleet;
        this.view = view;
        this.projector = new Projector(map);
        this.stamps = new Stamps();
        this.places = layer(map, "places");
        this.names = layer(map, "names");
        this.chosen = new Map();
        this.chosenAt = 0;
        this.world = null;
        this.airports = null;
        /** Airports of flights on the map, shown from further away. */
        this.used = new Set();
    }

    resize() {
        const ratio = window.devicePixelRatio || 1;
        const box = this.map.getContainer();
        for (const canvas of [this.places, this.names]) {
            canvas.width = Math.round(box.clientWidth * ratio);
            canvas.height = Math.round(box.clientHeight * ratio);
        }
        this.ratio = ratio;
    }

    forget() { this.stamps.made.clear(); }

    /** Countries, cities and airports; only when the view changed. */
    drawPlaces() {
        const canvas = this.places;
        const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.clearRect(0, 0, canvas.width, canvas.height);
        if (!this.world) return;
        context.scale(this.ratio, this.ratio);
        const { projector } = this;
        projector.update();
        const theme = this.view.theme();
        const c = colours(theme);
        const { zoom } = projector;
        const taken = new Taken();
        this.codes = [];
        const put = (key, lines, colour, x, y, dot) => {
            const stamp = this.stamps.get(theme + key, lines, colour, c.casing, this.ratio);
            const left = dot ? x + 5 : x - stamp.width / 2;
            const top = y - stamp.height / 2;
            if (!taken.free(left, top, stamp.width, stamp.height)) return false;
            taken.take(left, top, stamp.width, stamp.height);
            if (dot) this.codes.push([left, top, stamp.width, stamp.height]);
            context.drawImage(stamp.canvas, left, top, stamp.width, stamp.height);
            return true;
        };
        const spot = (x, y, radius, colour) => {
            context.beginPath();
            context.arc(x, y, radius, 0, 7);
            context.fillStyle = c.casing;
            context.fill();
            context.lineWidth = 1.5;
            context.strokeStyle = colour;
            context.stroke();
        };
        if (this.airports) {
            const { icao, x, y } = this.airports;
            // Those of the flights first, so that their codes win; the rest only where there is room for them.
            const all = zoom >= 5.5;
            for (let pass = 0; pass < (all ? 2 : 1); pass += 1) {
                for (let i = 0; i < icao.length; i += 1) {
                    if (this.used.has(icao[i]) !== (pass === 0)) continue;
                    const point = projector.at(x[i], y[i]);
                    if (!projector.inside(point, 10)) continue;
                    const [px, py] = /** @type {[number, number]} */ (point);
                    if (zoom >= 2 || pass === 1) spot(px, py, pass === 0 ? 2.6 : 2, pass === 0 ? c.name : c.coast);
                    if ((pass === 0 && zoom >= 2.2) || zoom >= 6.5) put(`a${pass}${icao[i]}`, [[icao[i], pass === 0 ? "600" : "400", 11]], c.name, px, py, true);
                }
            }
        }
        if (zoom < 6.5) {
            for (const feature of this.world.land.features) {
                const { n, c: [lon, lat], a } = feature.properties;
                if (a * 4 ** zoom < 900 || zoom < 1.2) continue;
                const point = projector.at(mercatorX(lon), mercatorY(lat));
                if (projector.inside(point, 0)) put(`c${n}`, [[n.toUpperCase(), "400", 10]], c.name, point[0], point[1]);
            }
        }
        if (zoom >= 3.8 && zoom < 9) {
            for (const [n, lon, lat] of this.world.cities) {
                const point = projector.at(mercatorX(lon), mercatorY(lat));
                if (projector.inside(point, 0)) put(`t${n}`, [[n, "400", 12]], c.name, point[0], point[1]);
            }
        }
    }

    /** Which aircraft get a name, and where beside them. */
    choose(now) {
        this.chosenAt = now;
        const { projector, fleet, view } = this;
        const limit = projector.width < 600 ? 40 : 150;
        const selected = view.selected();
        const hovered = view.hovered();
        const candidates = [];
        for (const [id, mover] of fleet.movers) {
            if (!view.labels() && id !== selected && id !== hovered) continue;
            if (view.hidden(mover.flight) && id !== selected) continue;
            const point = projector.at(...fleet.shown(mover, now));
            if (!projector.inside(point)) continue;
            const first = id === selected ? -4 : id === hovered ? -3 : this.chosen.has(id) ? -1 : 0;
            candidates.push({ id, mover, point: /** @type {[number, number]} */ (point), rank: first * 1e6 + mover.flight.alt_ft + mover.flight.gs_kt });
        }
        candidates.sort((a, b) => a.rank - b.rank);
        const taken = new Taken();
        for (const { point } of candidates.slice(0, 600)) taken.take(point[0] - 7, point[1] - 7, 14, 14);
        for (const box of this.codes ?? []) taken.take(.../** @type {[number, number, number, number]} */ (box));
        const next = new Map();
        for (const { id, mover, point } of candidates) {
            if (next.size >= limit) break;
            const stamp = this.stampOf(id, mover, id === selected);
            const before = this.chosen.get(id);
            const order = before ? [before.side, ...SIDES.keys()] : SIDES.keys();
            let found = -1;
            for (const side of order) {
                const [x, y] = this.corner(point, side, stamp);
                if (taken.free(x, y, stamp.width, stamp.height)) { found = side; break; }
            }
            if (found < 0 && before && now - before.since < STAY) found = before.side;
            if (found < 0 && (id === selected || id === hovered)) found = 0;
            if (found < 0) continue;
            taken.take(...this.corner(point, found, stamp), stamp.width, stamp.height);
            next.set(id, { side: found, since: before && before.side === found ? before.since : now, stamp });
        }
        this.chosen = next;
    }

    stampOf(id, mover, strong) {
        const { flight } = mover;
        const theme = this.view.theme();
        const dark = theme === "dark";
        const colour = strong ? (dark ? "#ffffff" : "#0f1720") : (dark ? "#e8eef4" : "#17212c");
        const lines = [[shortName(flight.callsign), "600", 12]];
        const age = freshness(mover, this.view.serverNow());
        if (age === "late" || age === "stale") lines.push([`${Math.round((this.view.serverNow() - Date.parse(flight.seen ?? flight.t)) / 60_000)} min`, "400", 11, dark ? "#e5c07b" : "#7a5400"]);
        else if ((this.projector.zoom ?? 0) >= 4.6 || strong) {
            const trend = flight.vs_fpm > 200 ? " ↑" : flight.vs_fpm < -200 ? " ↓" : "";
            lines.push([altitude(flight.alt_ft, onGround(flight)) + trend, "400", 11, dark ? "#a9b8c6" : "#4a5a6a"]);
        }
        const stamp = this.stamps.get(`${theme}${strong ? "!" : ""}${lines.map((line) => line[0]).join("|")}`, lines, colour, dark ? "rgb(15 23 32 / .9)" : "rgb(255 255 255 / .92)", this.ratio);
        // The chosen one has a ring round it.
        stamp.away = strong ? 2 : 1;
        return stamp;
    }

    corner([x, y], side, stamp) {
        const dx = SIDES[side][0] * stamp.away;
        const dy = SIDES[side][1];
        const left = dx > 0 ? x + dx - 4 : dx < 0 ? x + dx - stamp.width + 4 : x - stamp.width / 2;
        return /** @type {[number, number]} */ ([left, y + dy - (side > 3 ? 4 : 2)]);
    }

    /** @param {(id: string) => [number, number] | null} shown mercator place as the layer has just drawn it */
    drawNames(now, shown) {
        const canvas = this.names;
        const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.clearRect(0, 0, canvas.width, canvas.height);
        this.projector.update();
        if (now - this.chosenAt > 250) this.choose(now);
        for (const [id, { side, stamp }] of this.chosen) {
            const place = shown(id);
            const point = place && this.projector.at(...place);
            if (!this.projector.inside(point)) continue;
            const [x, y] = this.corner(/** @type {[number, number]} */ (point), side, stamp);
            // Whole device pixels keep text crisp while it moves.
            context.drawImage(stamp.canvas, Math.round(x * this.ratio), Math.round(y * this.ratio));
        }
    }
}

function layer(map, name) {
    const canvas = document.createElement("canvas");
    canvas.className = `map-over map-${name}`;
    canvas.setAttribute("aria-hidden", "true");
    map.getCanvasContainer().append(canvas);
    return canvas;
}
