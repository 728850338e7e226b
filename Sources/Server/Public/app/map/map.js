/** `<al-map>`: the base map with aircraft, tracks and names. Lives on while pages change. */
import { Fleet } from "./motion.js";
import { AircraftLayer } from "./aircraft-layer.js";
import { Labels } from "./labels.js";
import { style, loadWorld, trackFeatures } from "./style.js";
import { altitudeClass, circle, mercatorX, mercatorY, longitude, latitude, unwrap } from "./geo.js";
import { t } from "../i18n.js";

const vendor = (name) => new URL(`../../vendor/${name}`, import.meta.url).href;
const nothing = { type: "FeatureCollection", features: [] };

/** @type {Promise<any> | null} */
let engine = null;
/** The engine is a classic script of 900 kB: loaded on first use, once. */
function loadEngine() {
    engine ??= new Promise((resolve, reject) => {
        const sheet = document.createElement("link");
        sheet.rel = "stylesheet";
        sheet.href = vendor("maplibre-gl.css");
        const script = document.createElement("script");
        script.src = vendor("maplibre-gl.js");
        script.onload = () => resolve(/** @type {any} */ (window).maplibregl);
        script.onerror = () => { engine = null; reject(new Error("map engine")); };
        document.head.append(sheet, script);
    });
    return engine;
}

/** @type {Promise<{icao: string[], lat: number[], lon: number[], x: number[], y: number[], index: Map<string, number>}> | null} */
let airportTable = null;
export function loadAirports() {
    airportTable ??= fetch(vendor("airports.json")).then((answer) => answer.json()).then((table) => ({
        ...table, x: table.lon.map(mercatorX), y: table.lat.map(mercatorY), index: new Map(table.icao.map((code, i) => [code, i])),
    }));
    return airportTable;
}
export async function airport(code) {
    const table = await loadAirports();
    const i = table.index.get(code);
    return i === undefined ? null : { icao: code, lat: table.lat[i], lon: table.lon[i] };
}

export function webgl2() {
    try { return !!document.createElement("canvas").getContext("webgl2"); } catch { return false; }
}

const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

export class AlMap extends HTMLElement {
    constructor() {
        super();
        this.fleet = new Fleet();
        /** @type {string | null} */
        this.selected = null;
        /** @type {string | null} */
        this.hovered = null;
        this.trails = true;
        this.labels = true;
        this.following = false;
        this.globe = false;
        /** @type {"dark"|"light"} */
        this.theme = "dark";
        /** @type {Set<string> | null} airports of all flights on the map */
        this.baseUsed = null;
        /** @type {any} charts beside this map, for tests */
        this.charts = null;
        this.leftOut = (_flight) => false;
        this.serverNow = () => Date.now();
        /** What covers the edges of this map, in pixels. */
        this.inset = () => ({ left: 0, right: 0, top: 0, bottom: 0 });
        this.data = new Map();
        /** Median time between frames, for the frame governor. */
        this.frames = [];
        this.spacing = 0;
        this.lastFrame = 0;
        this.asked = 0;
        this.raf = 0;
    }

    /** An element may not give itself attributes while it is being made. */
    connectedCallback() {
        this.dataset.state ??= "empty";
        this.dataset.aircraft ??= "0";
        this.dataset.seq ??= "0";
    }

    /** @param {{theme: "dark"|"light", label?: string, centre?: [number, number], zoom?: number, globe?: boolean}} options */
    async start({ theme, label, centre, zoom, globe = false }) {
        this.theme = theme;
        this.globe = globe;
        this.dataset.state = "loading";
        const [maplibre, world] = await Promise.all([loadEngine(), loadWorld()]);
        this.maplibre = maplibre;
        this.world = world;
        this.box = document.createElement("div");
        this.box.className = "map-box";
        this.append(this.box);
        const map = new maplibre.Map({
            container: this.box, style: style(theme, world, globe), center: centre ?? [-20, 38], zoom: zoom ?? 1.8, maxZoom: 13, minZoom: 0.4,
            attributionControl: false, dragRotate: false, pitchWithRotate: false, touchPitch: false, renderWorldCopies: true, fadeDuration: 0,
            canvasContextAttributes: { antialias: true }, validateStyle: false,
        });
        this.map = map;
        map.setPadding(this.inset());
        map.touchZoomRotate.disableRotation();
        map.keyboard.disableRotation();
        const canvas = map.getCanvas();
        canvas.setAttribute("role", "application");
        canvas.setAttribute("aria-label", label ?? t("map.label"));
        this.layer = new AircraftLayer(this.fleet, {
            theme: () => this.theme, selected: () => this.selected, trails: () => this.trails, hidden: (flight) => this.leftOut(flight),
            serverNow: () => this.serverNow(), ratio: () => map.getPixelRatio(),
        });
        this.names = new Labels(map, this.fleet, {
            theme: () => this.theme, selected: () => this.selected, hovered: () => this.hovered, labels: () => this.labels,
            hidden: (flight) => this.leftOut(flight), serverNow: () => this.serverNow(),
        });
        this.names.world = world;
        loadAirports().then((table) => { this.names.airports = table; this.names.drawPlaces(); }).catch(() => {});
        map.on("style.load", () => this.restyled());
        map.on("move", () => this.names.drawPlaces());
        map.on("resize", () => { this.names.resize(); this.names.drawPlaces(); });
        map.on("render", () => this.rendered());
        map.on("movestart", (event) => { if (event.originalEvent && this.following) { this.following = false; this.dispatchEvent(new CustomEvent("unfollow")); } });
        map.on("moveend", () => { this.tick(); this.dispatchEvent(new CustomEvent("moved")); });
        map.on("click", (event) => this.pick(event.point, event.originalEvent));
        map.on("mousemove", (event) => this.hover(event.point));
        map.on("mouseout", () => this.hover(null));
        this.names.resize();
        await new Promise((resolve) => map.once("load", resolve));
        this.names.drawPlaces();
        this.dataset.state = "ready";
        this.timer = setInterval(() => this.tick(), 1000);
        this.resizer = new ResizeObserver(() => map.resize());
        this.resizer.observe(this.box);
        this.tick();
        return this;
    }

    /** Layers of one's own and data are not part of a style; a new style starts without them. */
    restyled() {
        const { map } = this;
        if (!map.getLayer("aircraft")) map.addLayer(this.layer);
        for (const [name, value] of this.data) map.getSource(name)?.setData(value);
        this.names.drawPlaces();
    }

    setTheme(theme) {
        if (theme === this.theme) return;
        this.theme = theme;
        if (!this.map) return;
        this.names.forget();
        this.names.chosen.clear();
        this.map.setStyle(style(theme, this.world, this.globe), { diff: false });
        this.tick();
    }

    setGlobe(on) {
        this.globe = on;
        this.map?.setProjection({ type: on ? "globe" : "mercator" });
        if (on && this.map && this.map.getZoom() < 2) this.whole();
        this.names?.drawPlaces();
        this.tick();
    }

    /** @param {string} name @param {any} value */
    set(name, value) {
        this.data.set(name, value);
        this.map?.getSource(name)?.setData(value);
    }

    /** Flown track: `[lon, lat, feet]` points, with the phase of time where data is missing. */
    setTrack(points, { ground = (/** @type {number} */ _i) => /** @type {boolean} */ (false), gap = (/** @type {number} */ _i) => /** @type {boolean} */ (false) } = {}) {
        let last = points[0]?.[0] ?? 0;
        const line = points.map(([lon, lat]) => { last = unwrap(lon, last); return [last, lat]; });
        this.set("track", line.length > 1 ? trackFeatures(line, (i) => altitudeClass(points[i][2], ground(i)), gap) : nothing);
        return line;
    }

    setPlan(lines) {
        this.set("plan", { type: "FeatureCollection", features: lines.map((coordinates) => ({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates } })) });
    }

    /** Airports of the chosen flight: a ring of dots, and range rings further in where the coast says nothing any more. */
    setMarks(places) {
        this.set("marks", { type: "FeatureCollection", features: places.map(({ lon, lat }) => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [lon, lat] } })) });
        this.set("rings", { type: "FeatureCollection", features: places.flatMap(({ lon, lat }) => [5, 10, 20].map((miles) => ({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: circle(lat, lon, miles) } }))) });
        this.names.used = new Set([...(this.baseUsed ?? []), ...places.map((place) => place.icao)]);
        this.names.drawPlaces();
    }

    /** Writes buffers for the next second. Cheap enough to do at every change. */
    tick() {
        if (!this.layer?.map) return;
        const now = performance.now();
        this.layer.tick(now, calm.matches ? 1 : 1000);
        this.dataset.aircraft = String(this.fleet.size);
        if (!document.hidden) this.redraw();
        if (this.following && this.selected) this.followNow(now);
    }

    /** A report came: seen at once, but not more than some times a second however many come. */
    changed() {
        const now = performance.now();
        if (this.soon) return;
        const wait = Math.max(0, 120 - (now - (this.layer?.tickAt ?? 0)));
        this.soon = setTimeout(() => { this.soon = undefined; this.tick(); }, wait);
    }

    followNow(now) {
        const place = this.fleet.place(/** @type {string} */ (this.selected), now + 1000);
        if (!place || this.map.isZooming() || this.map.isMoving() && !this.gliding) return;
        this.gliding = true;
        this.map.easeTo({ center: [place.lon, place.lat], duration: calm.matches ? 0 : 1000, easing: (x) => x });
    }

    /** Redraws while something moves, as often as this machine can do it without stuttering elsewhere. */
    redraw() {
        if (this.raf) return;
        const frame = (at) => {
            this.raf = 0;
            if (document.hidden || !this.isConnected) return;
            // What a redraw costs shows in how late the frame after it comes; frames without one say nothing.
            if (this.lastFrame && this.lastFrame === this.asked) {
                this.frames.push(at - this.lastFrame);
                if (this.frames.length > 14) {
                    const median = this.frames.sort((a, b) => a - b)[7];
                    this.frames = [];
                    this.spacing = median > 40 ? Math.min(1000, median * 1.4) : 0;
                }
            }
            this.lastFrame = at;
            if (at - this.asked >= this.spacing) { this.asked = at; this.map.triggerRepaint(); }
            const now = performance.now();
            if (!calm.matches && (this.fleet.moving(now) || now - this.layer.tickAt < 300)) this.raf = requestAnimationFrame(frame);
            else this.lastFrame = 0;
        };
        this.raf = requestAnimationFrame(frame);
    }

    rendered() {
        this.drawnMix = this.layer.mixed;
        this.names.drawNames(performance.now(), (id) => this.drawn(id));
    }

    /** Mercator place of an aircraft as the layer drew it last. */
    drawn(id) {
        const place = this.layer.written.get(id);
        if (!place) return null;
        const mix = this.layer.mixed;
        return /** @type {[number, number]} */ ([place[0] + (place[2] - place[0]) * mix, place[1] + (place[3] - place[1]) * mix]);
    }

    /** Where an aircraft is on the screen, in CSS pixels of this element. For tests and for whoever debugs. */
    probe(id) {
        const mover = this.fleet.movers.get(id);
        const place = mover && (this.drawn(id) ?? this.fleet.shown(mover, performance.now()));
        if (!place || !this.map) return null;
        this.names.projector.update();
        const point = this.names.projector.at(...place);
        return { x: point?.[0] ?? null, y: point?.[1] ?? null, lon: longitude(place[0]), lat: latitude(place[1]), age: (this.serverNow() - Date.parse(mover.flight.t)) / 1000 };
    }

    nearest(point, reach) {
        const { projector } = this.names;
        projector.update();
        let best = null;
        let least = reach * reach;
        for (const [id, mover] of this.fleet.movers) {
            if (this.leftOut(mover.flight) && id !== this.selected) continue;
            const place = this.drawn(id);
            const at = place && projector.at(...place);
            if (!at) continue;
            const away = (at[0] - point.x) ** 2 + (at[1] - point.y) ** 2;
            if (away < least) { least = away; best = id; }
        }
        return best;
    }

    pick(point, event) {
        const id = this.nearest(point, event?.pointerType === "touch" || "ontouchstart" in window ? 26 : 16);
        this.dispatchEvent(new CustomEvent("pick", { detail: id }));
    }

    hover(point) {
        const now = performance.now();
        if (point && now - (this.hoveredAt ?? 0) < (this.names.projector.globe ? 200 : 40)) return;
        this.hoveredAt = now;
        const id = point && this.fleet.size ? this.nearest(point, 16) : null;
        this.map.getCanvas().style.cursor = id ? "pointer" : "";
        if (id === this.hovered) return;
        this.hovered = id;
        this.names.chosenAt = 0;
        this.map.triggerRepaint();
    }

    select(id) {
        this.selected = id;
        if (!this.layer) return;
        this.names.chosenAt = 0;
        this.tick();
        this.map.triggerRepaint();
    }

    /** @param {number[][]} points */
    fit(points, padding = 48, maxZoom = 11) {
        if (!points.length || !this.map) return;
        const lons = points.map((point) => point[0]);
        const lats = points.map((point) => point[1]);
        this.map.fitBounds([[Math.min(...lons), Math.min(...lats)], [Math.max(...lons), Math.max(...lats)]], { padding, maxZoom, duration: calm.matches ? 0 : 600 });
    }

    centreOn(id, padding) {
        const place = this.fleet.place(id, performance.now());
        if (!place || !this.map) return;
        this.map.easeTo({ center: [place.lon, place.lat], zoom: Math.max(this.map.getZoom(), 4.5), duration: calm.matches ? 0 : 700, ...(padding ? { padding } : {}) });
    }

    whole() {
        // The globe is 163 px wide at zoom 0; the flat world 512.
        const zoom = this.globe ? Math.log2((Math.min(this.clientWidth, this.clientHeight) * 0.9) / 163) : Math.max(0.6, Math.log2((this.clientWidth - this.inset().left) / 420));
        this.map?.easeTo({ center: [this.map.getCenter().lng, this.globe ? 20 : 25], zoom, padding: this.inset(), duration: calm.matches ? 0 : 700 });
    }

    stop() {
        clearInterval(this.timer);
        clearTimeout(this.soon);
        cancelAnimationFrame(this.raf);
        this.resizer?.disconnect();
        this.map?.remove();
        this.map = null;
    }
}
customElements.define("al-map", AlMap);
