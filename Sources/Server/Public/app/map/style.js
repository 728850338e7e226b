/** The offline base map: sea, land, borders, coast, graticule. All from one file of Natural Earth shapes. */
const COLOURS = {
    dark: { sea: "#121b25", land: "#22303e", coast: "#3d5269", border: "#31445a", grid: "#1b2733", ring: "#4a6078", plan: "#8598aa", name: "#9db0c2", casing: "#0f1720" },
    light: { sea: "#d9e4ec", land: "#eef0ea", coast: "#9fb0bd", border: "#c2cdd5", grid: "#cbd8e2", ring: "#9fb0bd", plan: "#5c6d7e", name: "#46586a", casing: "#ffffff" },
};
export const ALTITUDE = {
    dark: ["#8d99a5", "#825dfa", "#d270cf", "#fe826e", "#e9b547", "#f9f7d0"],
    light: ["#6b7580", "#b06c0e", "#a32c30", "#80157e", "#5600a3", "#141e2c"],
};
export const colours = (theme) => COLOURS[theme];

/** @type {Promise<any> | null} */
let world = null;
export function loadWorld() {
    world ??= fetch(new URL("../../vendor/world.json", import.meta.url)).then((answer) => answer.json()).then((data) => {
        const [coast, borders] = lines(data.land);
        return { ...data, coast, borders };
    });
    return world;
}

/** An edge of two countries is a border, one of a single country is coast; the edges of the map itself are neither. */
function lines(land) {
    const seen = new Map();
    const rings = land.features.flatMap((feature) => feature.geometry.coordinates.flat());
    const name = (a, b) => (a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]) ? `${a} ${b}` : `${b} ${a}`);
    const ofTheMap = (a, b) => (Math.abs(a[0]) >= 179.98 && Math.abs(b[0]) >= 179.98) || (a[1] <= -89.9 && b[1] <= -89.9);
    for (const ring of rings) for (let i = 1; i < ring.length; i += 1) {
        const key = name(ring[i - 1], ring[i]);
        seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    const out = [[], []];
    const done = new Set();
    for (const ring of rings) {
        let kind = -1;
        let run = [];
        const finish = () => { if (run.length > 1) out[kind].push(run); run = []; };
        for (let i = 1; i < ring.length; i += 1) {
            const key = name(ring[i - 1], ring[i]);
            const next = ofTheMap(ring[i - 1], ring[i]) || done.has(key) ? -1 : seen.get(key) > 1 ? 1 : 0;
            if (next !== kind) { if (kind >= 0) finish(); kind = next; run = next >= 0 ? [ring[i - 1]] : []; }
            if (next >= 0) { run.push(ring[i]); if (next === 1) done.add(key); }
        }
        if (kind >= 0) finish();
    }
    return out.map((coordinates) => ({ type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates } }));
}

function graticule() {
    const coordinates = [];
    for (let lon = -180; lon <= 180; lon += 30) coordinates.push(Array.from({ length: 35 }, (_, i) => [lon, -85 + i * 5]));
    for (let lat = -60; lat <= 60; lat += 30) coordinates.push(Array.from({ length: 73 }, (_, i) => [-180 + i * 5, lat]));
    return { type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates } };
}

const nothing = { type: "FeatureCollection", features: [] };

/** @param {"dark"|"light"} theme */
export function style(theme, data, globe) {
    const c = COLOURS[theme];
    const source = (value, more = {}) => ({ type: "geojson", data: value, tolerance: 0.2, ...more });
    const altitude = ["match", ["get", "k"], ...ALTITUDE[theme].flatMap((colour, i) => [i, colour]), ALTITUDE[theme][0]];
    return {
        version: 8,
        projection: { type: globe ? "globe" : "mercator" },
        sources: {
            land: source(data.land), coast: source(data.coast), borders: source(data.borders), grid: source(graticule()),
            plan: source(nothing), track: source(nothing, { tolerance: 0 }), rings: source(nothing), marks: source(nothing), evidence: source(nothing, { tolerance: 0 }), cursor: source(nothing),
        },
        layers: [
            { id: "sea", type: "background", paint: { "background-color": c.sea } },
            { id: "grid", type: "line", source: "grid", paint: { "line-color": c.grid, "line-width": 1 } },
            { id: "land", type: "fill", source: "land", paint: { "fill-color": c.land, "fill-antialias": false } },
            { id: "borders", type: "line", source: "borders", paint: { "line-color": c.border, "line-width": ["interpolate", ["linear"], ["zoom"], 1, 0.5, 6, 1.2] } },
            { id: "coast", type: "line", source: "coast", layout: { "line-join": "round" }, paint: { "line-color": c.coast, "line-width": ["interpolate", ["linear"], ["zoom"], 1, 0.7, 6, 1.6], "line-opacity": ["interpolate", ["linear"], ["zoom"], 7, 1, 9, 0.4] } },
            { id: "rings", type: "line", source: "rings", minzoom: 6, paint: { "line-color": c.ring, "line-width": 1, "line-dasharray": [2, 4] } },
            { id: "plan", type: "line", source: "plan", layout: { "line-cap": "round" }, paint: { "line-color": c.plan, "line-width": 1.5, "line-dasharray": [1, 3] } },
            { id: "evidence", type: "line", source: "evidence", layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": ["get", "colour"], "line-width": 14, "line-opacity": ["case", ["get", "chosen"], 0.55, 0.28] } },
            { id: "track-case", type: "line", source: "track", filter: ["!=", ["get", "k"], -1], layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": c.casing, "line-width": 5.5 } },
            { id: "track-gap", type: "line", source: "track", filter: ["==", ["get", "k"], -1], paint: { "line-color": c.plan, "line-width": 2, "line-dasharray": [2, 2] } },
            { id: "track", type: "line", source: "track", filter: ["!=", ["get", "k"], -1], layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": altitude, "line-width": 3 } },
            { id: "marks", type: "circle", source: "marks", paint: { "circle-radius": 5, "circle-color": c.casing, "circle-stroke-color": c.name, "circle-stroke-width": 2 } },
            { id: "cursor", type: "circle", source: "cursor", paint: { "circle-radius": 7, "circle-color": theme === "dark" ? "#6cb6ff" : "#0b5cad", "circle-stroke-color": "#ffffff", "circle-stroke-width": 2 } },
        ],
    };
}

/** Runs of one altitude class with shared end points; a gap in time is a feature of its own. */
export function trackFeatures(points, classOf, gapAfter = (/** @type {number} */ _i) => false) {
    const features = [];
    let run = [];
    let kind = -2;
    const finish = () => { if (run.length > 1) features.push({ type: "Feature", properties: { k: kind }, geometry: { type: "LineString", coordinates: run } }); };
    for (let i = 1; i < points.length; i += 1) {
        const next = gapAfter(i - 1) ? -1 : classOf(i);
        if (next !== kind) {
            finish();
            run = [points[i - 1]];
            kind = next;
        }
        run.push(points[i]);
    }
    finish();
    return { type: "FeatureCollection", features };
}
