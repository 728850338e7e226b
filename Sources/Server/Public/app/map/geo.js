/** Places on the sphere and on the mercator square. Pure functions; longitudes in degrees, mercator in 0…1. */
const RADIANS = Math.PI / 180;
const EARTH_NM = 3440.065;

export const mercatorX = (lon) => (lon + 180) / 360;
export function mercatorY(lat) {
    const limited = Math.max(-85.05, Math.min(85.05, lat));
    return (1 - Math.log(Math.tan(Math.PI / 4 + (limited * RADIANS) / 2)) / Math.PI) / 2;
}
export const longitude = (x) => x * 360 - 180;
export const latitude = (y) => (2 * Math.atan(Math.exp((1 - 2 * y) * Math.PI)) - Math.PI / 2) / RADIANS;

/** The same place, written within half a turn of `near`. */
export const unwrap = (lon, near) => lon + 360 * Math.round((near - lon) / 360);

/** Nautical miles between two places. */
export function distance(lat1, lon1, lat2, lon2) {
    const a = Math.sin(((lat2 - lat1) * RADIANS) / 2) ** 2
        + Math.cos(lat1 * RADIANS) * Math.cos(lat2 * RADIANS) * Math.sin(((lon2 - lon1) * RADIANS) / 2) ** 2;
    return 2 * EARTH_NM * Math.asin(Math.min(1, Math.sqrt(a)));
}

/** Points of a great circle, longitudes running on over the date line. */
export function greatCircle(lat1, lon1, lat2, lon2, steps = 64) {
    const [p1, l1, p2, l2] = [lat1, lon1, lat2, lon2].map((v) => v * RADIANS);
    const d = distance(lat1, lon1, lat2, lon2) / EARTH_NM;
    if (d < 1e-6) return [[lon1, lat1]];
    const points = [];
    let last = lon1;
    for (let i = 0; i <= steps; i += 1) {
        const f = i / steps;
        const a = Math.sin((1 - f) * d) / Math.sin(d);
        const b = Math.sin(f * d) / Math.sin(d);
        const x = a * Math.cos(p1) * Math.cos(l1) + b * Math.cos(p2) * Math.cos(l2);
        const y = a * Math.cos(p1) * Math.sin(l1) + b * Math.cos(p2) * Math.sin(l2);
        const z = a * Math.sin(p1) + b * Math.sin(p2);
        last = unwrap(Math.atan2(y, x) / RADIANS, last);
        points.push([last, Math.atan2(z, Math.hypot(x, y)) / RADIANS]);
    }
    return points;
}

/** A ring of so many miles round a place. */
export function circle(lat, lon, miles, steps = 72) {
    const points = [];
    const d = miles / EARTH_NM;
    for (let i = 0; i <= steps; i += 1) {
        const bearing = (i / steps) * 2 * Math.PI;
        const la = Math.asin(Math.sin(lat * RADIANS) * Math.cos(d) + Math.cos(lat * RADIANS) * Math.sin(d) * Math.cos(bearing));
        const lo = lon * RADIANS + Math.atan2(Math.sin(bearing) * Math.sin(d) * Math.cos(lat * RADIANS), Math.cos(d) - Math.sin(lat * RADIANS) * Math.sin(la));
        points.push([lo / RADIANS, la / RADIANS]);
    }
    return points;
}

/** Class of an altitude: 0 ground, then below 10, 20, 30, 40 thousand feet, and above. */
export function altitudeClass(feet, onGround = false) {
    if (onGround) return 0;
    return feet < 10_000 ? 1 : feet < 20_000 ? 2 : feet < 30_000 ? 3 : feet < 40_000 ? 4 : 5;
}
