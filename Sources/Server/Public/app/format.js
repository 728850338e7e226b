/** Values as people of this trade write them. Pure functions; a missing value is a dash, never a zero. */
import { t } from "./i18n.js";

export const DASH = "–";
const MINUS = "\u2212";
const THIN = "\u202f";

/** 12 345 with thin spaces, from 10 000 up. @param {number} value */
export function integer(value) {
    const text = String(Math.abs(Math.round(value)));
    const grouped = text.length > 4 ? text.replace(/\B(?=(\d{3})+$)/g, THIN) : text;
    return (value < 0 && Number(text) !== 0 ? MINUS : "") + grouped;
}

const missing = (value) => value === null || value === undefined || Number.isNaN(value);

export function altitude(feet, onGround = false) {
    if (missing(feet)) return DASH;
    if (onGround) return t("value.ground");
    return feet >= 10_000 ? `FL${String(Math.round(feet / 100)).padStart(3, "0")}` : `${integer(Math.round(feet / 25) * 25)} ft`;
}
export const speed = (knots) => (missing(knots) ? DASH : `${integer(knots)} kt`);
export function distance(miles) {
    if (missing(miles)) return DASH;
    return miles < 100 ? `${miles.toFixed(1)} NM` : `${integer(miles)} NM`;
}
export function verticalSpeed(fpm) {
    if (missing(fpm)) return DASH;
    const rounded = Math.round(fpm / 50) * 50;
    return rounded === 0 ? `0 fpm` : `${rounded > 0 ? "↑" : "↓"} ${integer(Math.abs(rounded))} fpm`;
}
export const touchdown = (fpm) => (missing(fpm) ? DASH : `${MINUS}${integer(Math.abs(fpm))} fpm`);
export const mass = (kg) => (missing(kg) ? DASH : `${integer(kg)} kg`);
export const points = (value) => (missing(value) ? DASH : value > 0 ? `+${value}` : integer(value));

export function quantity(measured) {
    if (!measured || missing(measured.value)) return DASH;
    const value = Math.abs(measured.value) < 10 && !Number.isInteger(measured.value) ? measured.value.toFixed(1).replace("-", MINUS) : integer(measured.value);
    return measured.unit ? `${value} ${measured.unit}` : value;
}

const two = (value) => String(value).padStart(2, "0");

/** 14:05Z, with seconds where they are evidence. */
export function time(iso, seconds = false) {
    if (missing(iso)) return DASH;
    const at = new Date(iso);
    if (Number.isNaN(at.getTime())) return DASH;
    return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}${seconds ? `:${two(at.getUTCSeconds())}` : ""}Z`;
}
export function date(iso) {
    if (missing(iso)) return DASH;
    const at = new Date(iso);
    return Number.isNaN(at.getTime()) ? DASH : at.toISOString().slice(0, 10);
}
export const dateTime = (iso, seconds = false) => (missing(iso) ? DASH : `${date(iso)} ${time(iso, seconds)}`);

/** 7:03 in tables. */
export const duration = (minutes) => (missing(minutes) ? DASH : `${Math.floor(minutes / 60)}:${two(Math.round(minutes) % 60)}`);
/** 7 h 03 min in text. */
export function durationText(minutes) {
    if (missing(minutes)) return DASH;
    const whole = Math.round(minutes);
    return whole < 60 ? `${whole} min` : `${Math.floor(whole / 60)} h ${two(whole % 60)} min`;
}
/** Age in words. @param {number} seconds */
export function age(seconds) {
    if (missing(seconds)) return DASH;
    if (seconds < 5) return t("age.now");
    if (seconds < 90) return t("age.seconds", { n: Math.round(seconds) });
    if (seconds < 5400) return t("age.minutes", { n: Math.round(seconds / 60) });
    if (seconds < 129_600) return t("age.hours", { n: Math.round(seconds / 3600) });
    return t("age.days", { n: Math.round(seconds / 86_400) });
}
