/**
 * All aircraft and their short trails in two instanced draws. Moving a symbol layer costs a trip through a worker for
 * every update; here a tick writes one buffer, and the shader moves everything in between.
 */
import { onGround, freshness } from "./motion.js";
import { altitudeClass } from "./geo.js";
import { ALTITUDE } from "./style.js";

const CELL = 128;
const ICONS = { jet: 0, turboprop: 1, light: 2, helicopter: 3, dot: 4, square: 5, ring: 6, paused: 7 };
const PATHS = {
    jet: "M32 3c2.7 0 4.3 4 4.3 8.500V23L60 38.500v5.200L36.3 37v12.500l7.2 5.700v4.600L32 56.8 20.5 59.800v-4.600l7.2-5.700V37L4 43.700v-5.200L27.7 23V11.500C27.7 7 29.3 3 32 3z",
    turboprop: "M32 4c2.5 0 3.8 3.5 3.8 8v10H60v7.500L35.8 33v17l8.5 3.500V58L32 56l-12.3 2v-4.500l8.5-3.500V33L4 29.500V22h24.200V12c0-4.5 1.3-8 3.8-8zM15 16h5v7h-5zM44 16h5v7h-5z",
    light: "M32 9c2.3 0 3.3 2 3.3 5v7H60v8l-24.7 2.500L34.5 49l8 2.500V56l-10.5-1-10.5 1v-4.500l8-2.5-.8-17.500L4 29v-8h24.700v-7c0-3 1-5 3.3-5zM24 6h16v2.500H24z",
    helicopter: "M32 14c6 0 9 5 9 11 0 5-2.5 9-5.5 11.500L34.5 54H40v4H24v-4h5.500l-1-17.500C25.5 34 23 30 23 25c0-6 3-11 9-11zM8.5 4.500l2-2L32 22.500l21.5-20 2 2L35.5 25l20 20.5-2 2L32 28l-21.5 19.5-2-2L28.5 25z",
    dot: "M32 20a12 12 0 100 24 12 12 0 000-24z",
    square: "M20 20h24v24H20z",
    paused: "M18 14h10v36H18zM36 14h10v36H36z",
};
const HELICOPTERS = /^(EC|H1[2-7]|AS[356]|B06|B4[0-9]{2}|R22|R44|R66|A109|A139|S76|UH|CH|MI)/;
const TURBOPROPS = /^(AT[4-7]|DH8|DHC6|SF34|B190|C208|PC12|BE20|BE9|B350|SB20|E120|JS|D328|F50|L410|TBM|C130|P180)/;
const LIGHT = /^(C15|C16|C17|C18|C20|C21|P28|PA|SR2|DA[24]|DR4|BE3|BE5|M20|RV|C42|TB|AA5|PC6)/;

export function iconOf(flight) {
    if (flight.state === "landed") return ICONS.square;
    if (flight.phase === "boarding" || flight.phase === "arrived") return ICONS.dot;
    const type = flight.type ?? "";
    if (HELICOPTERS.test(type)) return ICONS.helicopter;
    if (TURBOPROPS.test(type)) return ICONS.turboprop;
    return LIGHT.test(type) ? ICONS.light : ICONS.jet;
}

/** Red is the drawing, alpha is drawing and outline together; the shader colours both. */
function atlas() {
    const canvas = document.createElement("canvas");
    canvas.width = CELL * 8;
    canvas.height = CELL;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    for (const [name, index] of Object.entries(ICONS)) {
        context.save();
        context.translate(index * CELL + 8, 8);
        context.scale((CELL - 16) / 64, (CELL - 16) / 64);
        if (name === "ring") {
            context.lineWidth = 7;
            context.strokeStyle = "#000";
            context.beginPath();
            context.arc(32, 32, 28, 0, 7);
            context.stroke();
            context.lineWidth = 3.5;
            context.strokeStyle = "#f00";
            context.stroke();
        } else {
            const path = new Path2D(PATHS[name]);
            context.lineJoin = "round";
            context.lineWidth = 6;
            context.strokeStyle = "#000";
            context.stroke(path);
            context.fillStyle = "#f00";
            context.fill(path);
        }
        context.restore();
    }
    return canvas;
}

const AIRCRAFT_VERTEX = `
uniform float u_mix; uniform vec2 u_viewport; uniform float u_wrap; uniform float u_ratio;
in vec2 a_corner; in vec2 a_from; in vec2 a_to; in vec4 a_look; in vec4 a_colour;
out vec2 v_uv; out vec4 v_colour; flat out float v_hollow;
void main() {
    vec2 place = mix(a_from, a_to, u_mix) + vec2(u_wrap, 0.0);
    vec2 ahead = vec2(sin(a_look.x), -cos(a_look.x)) * 0.0002;
    vec4 here = projectTile(place);
    vec4 there = projectTile(place + ahead);
    vec2 up = (there.xy / there.w - here.xy / here.w) * u_viewport;
    up = dot(up, up) > 0.0 && a_look.y < 3.5 ? normalize(up) : vec2(0.0, 1.0);
    vec2 right = vec2(up.y, -up.x);
    vec2 offset = (a_corner.x * right + a_corner.y * up) * a_look.z * u_ratio / u_viewport;
    gl_Position = vec4(here.xy + offset * here.w, here.z, here.w);
    v_uv = vec2((a_look.y + a_corner.x * 0.5 + 0.5) / 8.0, 0.5 - a_corner.y * 0.5);
    v_colour = a_colour;
    v_hollow = a_look.w;
}`;
const AIRCRAFT_FRAGMENT = `#version 300 es
precision mediump float;
uniform sampler2D u_atlas; uniform vec3 u_outline;
in vec2 v_uv; in vec4 v_colour; flat in float v_hollow; out vec4 colour;
void main() {
    vec4 texel = texture(u_atlas, v_uv);
    float inside = texel.a > 0.0 ? texel.r : 0.0;
    vec3 rgb = v_hollow > 0.5 ? mix(v_colour.rgb, u_outline, inside) : mix(u_outline, v_colour.rgb, inside);
    float alpha = texel.a * v_colour.a;
    colour = vec4(rgb * alpha, alpha);
}`;
const TRAIL_VERTEX = `
uniform float u_mix; uniform vec2 u_viewport; uniform float u_wrap; uniform float u_ratio;
in vec2 a_corner; in vec2 a_first; in vec2 a_from; in vec2 a_to; in vec4 a_colour;
out vec4 v_colour; out float v_side;
void main() {
    vec4 first = projectTile(a_first + vec2(u_wrap, 0.0));
    vec4 last = projectTile(mix(a_from, a_to, u_mix) + vec2(u_wrap, 0.0));
    vec2 along = (last.xy / last.w - first.xy / first.w) * u_viewport;
    along = dot(along, along) > 0.0 ? normalize(along) : vec2(1.0, 0.0);
    vec4 end = a_corner.y > 0.0 ? last : first;
    vec2 offset = vec2(-along.y, along.x) * a_corner.x * 2.2 * u_ratio / u_viewport;
    gl_Position = vec4(end.xy + offset * end.w, end.z, end.w);
    v_colour = a_colour;
    v_side = a_corner.x;
}`;
const TRAIL_FRAGMENT = `#version 300 es
precision mediump float;
in vec4 v_colour; in float v_side; out vec4 colour;
void main() {
    float alpha = v_colour.a * smoothstep(1.0, 0.45, abs(v_side));
    colour = vec4(v_colour.rgb * alpha, alpha);
}`;

const AIRCRAFT_BYTES = 36;
const TRAIL_BYTES = 28;

export class AircraftLayer {
    /** @param {import("./motion.js").Fleet} fleet @param {{theme: () => "dark"|"light", selected: () => string|null, trails: () => boolean, hidden: (flight: any) => boolean, serverNow: () => number, ratio: () => number}} view */
    constructor(fleet, view) {
        this.id = "aircraft";
        this.type = "custom";
        this.renderingMode = "2d";
        this.fleet = fleet;
        this.view = view;
        this.programs = new Map();
        this.count = 0;
        this.segments = 0;
        this.tickAt = 0;
        this.tickFor = 1000;
        this.mixed = 0;
        this.bytes = new ArrayBuffer(256 * AIRCRAFT_BYTES);
        this.trailBytes = new ArrayBuffer(1024 * TRAIL_BYTES);
        /** What was written at the last tick, for `probe`: id → [fromX, fromY, toX, toY] */
        this.written = new Map();
    }

    onAdd(map, gl) {
        this.map = map;
        this.gl = gl;
        this.programs.clear();
        this.corners = this.buffer(new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]));
        this.instances = gl.createBuffer();
        this.trailInstances = gl.createBuffer();
        this.texture = gl.createTexture();
        gl.bindTexture(gl.TEXTURE_2D, this.texture);
        gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
        gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, atlas());
        gl.generateMipmap(gl.TEXTURE_2D);
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
        this.dirty = true;
        this.tick(performance.now(), this.tickFor);
    }

    onRemove(_map, gl) {
        for (const program of this.programs.values()) for (const each of Object.values(program)) gl.deleteProgram(each.program);
        gl.deleteTexture(this.texture);
        for (const each of [this.corners, this.instances, this.trailInstances]) gl.deleteBuffer(each);
    }

    buffer(data) {
        const made = this.gl.createBuffer();
        this.gl.bindBuffer(this.gl.ARRAY_BUFFER, made);
        this.gl.bufferData(this.gl.ARRAY_BUFFER, data, this.gl.STATIC_DRAW);
        return made;
    }

    /** Writes where everything is shown now and where it shall be `duration` later. */
    tick(now, duration) {
        this.tickAt = now;
        this.tickFor = duration;
        const { fleet, view } = this;
        const theme = view.theme();
        const palette = ALTITUDE[theme].map((hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));
        const selected = view.selected();
        const serverNow = view.serverNow();
        const small = this.map ? Math.min(1, 0.66 + this.map.getZoom() * 0.085) : 1;
        const needed = (fleet.size + 2) * AIRCRAFT_BYTES;
        if (this.bytes.byteLength < needed) this.bytes = new ArrayBuffer(needed * 2);
        const f32 = new Float32Array(this.bytes);
        const u8 = new Uint8Array(this.bytes);
        const withTrails = view.trails() && fleet.size <= 500;
        let at = 0;
        let segments = 0;
        this.written.clear();
        const write = (from, to, heading, icon, size, hollow, colour, alpha) => {
            const o = at * 9;
            f32[o] = from[0]; f32[o + 1] = from[1]; f32[o + 2] = to[0]; f32[o + 3] = to[1];
            f32[o + 4] = heading; f32[o + 5] = icon; f32[o + 6] = size; f32[o + 7] = hollow;
            const b = (o + 8) * 4;
            u8[b] = colour[0]; u8[b + 1] = colour[1]; u8[b + 2] = colour[2]; u8[b + 3] = alpha;
            at += 1;
        };
        /** @type {any} */
        let last = null;
        for (const [id, mover] of fleet.movers) {
            const { flight } = mover;
            const from = fleet.shown(mover, now);
            const to = fleet.shown(mover, now + duration);
            this.written.set(id, [from[0], from[1], to[0], to[1]]);
            if (view.hidden(flight) && id !== selected) continue;
            const ground = onGround(flight);
            const age = freshness(mover, serverNow);
            const colour = age === "stale" ? palette[0] : palette[altitudeClass(flight.alt_ft, ground)];
            const alpha = age === "late" ? 140 : 255;
            if (withTrails || id === selected) segments = this.writeTrail(mover, from, to, segments, palette, id === selected, ground);
            const icon = iconOf(flight);
            const size = (id === selected ? 16 : ground ? 9.5 : 12.5) * small;
            const item = /** @type {const} */ ([from, to, (flight.hdg * Math.PI) / 180, icon, size, age === "stale" ? 1 : 0, colour, alpha]);
            if (id === selected) last = [item, age === "paused"];
            else {
                write(...item);
                if (age === "paused" && (at + 2) * AIRCRAFT_BYTES < this.bytes.byteLength) write([from[0], from[1]], [to[0], to[1]], 0, ICONS.paused, 6, 0, palette[0], 255);
            }
        }
        if (last) {
            // The chosen one lies on top of all others, inside its ring.
            const accent = theme === "dark" ? [108, 182, 255] : [11, 92, 173];
            if ((at + 2) * AIRCRAFT_BYTES <= this.bytes.byteLength) write(last[0][0], last[0][1], 0, ICONS.ring, 24, 0, accent, 255);
            write(.../** @type {[any, any, any, any, any, any, any, any]} */ (last[0]));
        }
        this.count = at;
        this.segments = segments;
        this.dirty = true;
    }

    writeTrail(mover, from, to, at, palette, selected, ground) {
        const { trail } = mover;
        // A gliding marker has not reached the newest report yet: its trail must end at the marker, not before it.
        const points = mover.glide && performance.now() < mover.until + this.tickFor ? trail.length - 1 : trail.length;
        if (points < 1) return at;
        if ((at + points + 1) * TRAIL_BYTES > this.trailBytes.byteLength) {
            const grown = new ArrayBuffer(this.trailBytes.byteLength * 2 + points * TRAIL_BYTES);
            new Uint8Array(grown).set(new Uint8Array(this.trailBytes));
            this.trailBytes = grown;
        }
        const f32 = new Float32Array(this.trailBytes);
        const u8 = new Uint8Array(this.trailBytes);
        const colour = palette[altitudeClass(mover.flight.alt_ft, ground)];
        for (let i = 0; i < points; i += 1) {
            const o = at * 7;
            const end = i + 1 < points ? trail[i + 1] : null;
            f32[o] = trail[i][1]; f32[o + 1] = trail[i][2];
            f32[o + 2] = end ? end[1] : from[0]; f32[o + 3] = end ? end[2] : from[1];
            f32[o + 4] = end ? end[1] : to[0]; f32[o + 5] = end ? end[2] : to[1];
            const b = (o + 6) * 4;
            u8[b] = colour[0]; u8[b + 1] = colour[1]; u8[b + 2] = colour[2];
            u8[b + 3] = (selected ? 235 : 150) * ((i + 1) / points) ** 0.8;
            at += 1;
        }
        return at;
    }

    program(gl, shaderData) {
        let made = this.programs.get(shaderData.variantName);
        if (made) return made;
        const head = `#version 300 es\n${shaderData.vertexShaderPrelude}\n${shaderData.define}\n`;
        made = { aircraft: link(gl, head + AIRCRAFT_VERTEX, AIRCRAFT_FRAGMENT), trail: link(gl, head + TRAIL_VERTEX, TRAIL_FRAGMENT) };
        this.programs.set(shaderData.variantName, made);
        return made;
    }

    render(gl, args) {
        const now = performance.now();
        this.mixed = Math.min(1, Math.max(0, (now - this.tickAt) / this.tickFor));
        if (this.dirty) {
            gl.bindBuffer(gl.ARRAY_BUFFER, this.instances);
            gl.bufferData(gl.ARRAY_BUFFER, new Uint8Array(this.bytes, 0, this.count * AIRCRAFT_BYTES), gl.DYNAMIC_DRAW);
            gl.bindBuffer(gl.ARRAY_BUFFER, this.trailInstances);
            gl.bufferData(gl.ARRAY_BUFFER, new Uint8Array(this.trailBytes, 0, this.segments * TRAIL_BYTES), gl.DYNAMIC_DRAW);
            this.dirty = false;
        }
        if (!this.count) return;
        gl.enable(gl.BLEND);
        gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
        gl.disable(gl.DEPTH_TEST);
        gl.disable(gl.STENCIL_TEST);
        gl.disable(gl.CULL_FACE);
        const programs = this.program(gl, args.shaderData);
        if (this.segments) this.draw(gl, args, programs.trail, this.trailInstances, this.segments, [["a_first", 2, 0], ["a_from", 2, 8], ["a_to", 2, 16], ["a_colour", -4, 24]], TRAIL_BYTES);
        gl.activeTexture(gl.TEXTURE0);
        gl.bindTexture(gl.TEXTURE_2D, this.texture);
        this.draw(gl, args, programs.aircraft, this.instances, this.count, [["a_from", 2, 0], ["a_to", 2, 8], ["a_look", 4, 16], ["a_colour", -4, 32]], AIRCRAFT_BYTES);
    }

    draw(gl, args, { program, at }, instances, count, layout, stride) {
        gl.useProgram(program);
        const data = args.defaultProjectionData;
        gl.uniformMatrix4fv(at("u_projection_matrix"), false, data.mainMatrix);
        gl.uniformMatrix4fv(at("u_projection_fallback_matrix"), false, data.fallbackMatrix);
        gl.uniform4f(at("u_projection_tile_mercator_coords"), ...data.tileMercatorCoords);
        gl.uniform4f(at("u_projection_clipping_plane"), ...data.clippingPlane);
        gl.uniform1f(at("u_projection_transition"), data.projectionTransition);
        gl.uniform1f(at("u_mix"), this.mixed);
        gl.uniform2f(at("u_viewport"), gl.drawingBufferWidth, gl.drawingBufferHeight);
        gl.uniform1f(at("u_ratio"), 2 * this.view.ratio());
        gl.uniform1i(at("u_atlas"), 0);
        gl.uniform3f(at("u_outline"), ...(this.view.theme() === "dark" ? [0.05, 0.08, 0.11] : [1, 1, 1]));
        const used = [];
        const point = (name, size, offset, type, normalise, step, divisor) => {
            const index = gl.getAttribLocation(program, name);
            if (index < 0) return;
            gl.enableVertexAttribArray(index);
            gl.vertexAttribPointer(index, size, type, normalise, step, offset);
            gl.vertexAttribDivisor(index, divisor);
            used.push(index);
        };
        gl.bindBuffer(gl.ARRAY_BUFFER, this.corners);
        point("a_corner", 2, 0, gl.FLOAT, false, 8, 0);
        gl.bindBuffer(gl.ARRAY_BUFFER, instances);
        for (const [name, size, offset] of layout) {
            if (size < 0) point(name, -size, offset, gl.UNSIGNED_BYTE, true, stride, 1);
            else point(name, size, offset, gl.FLOAT, false, stride, 1);
        }
        for (const wrap of this.wraps(data.projectionTransition)) {
            gl.uniform1f(at("u_wrap"), wrap);
            gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count);
        }
        // The engine draws without instances and does not reset what it never sets.
        for (const index of used) { gl.vertexAttribDivisor(index, 0); gl.disableVertexAttribArray(index); }
    }

    /** World copies are not drawn for layers of one's own; only those in view are. */
    wraps(globe) {
        if (globe > 0.5 || !this.map) return [0];
        const bounds = this.map.getBounds();
        const out = [];
        for (let wrap = Math.floor((bounds.getWest() + 180) / 360 - 0.05); wrap <= Math.floor((bounds.getEast() + 180) / 360 + 0.05); wrap += 1) out.push(wrap);
        return out.slice(0, 5);
    }
}

function link(gl, vertex, fragment) {
    const program = gl.createProgram();
    for (const [type, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
        const shader = gl.createShader(type);
        gl.shaderSource(shader, source);
        gl.compileShader(shader);
        if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader) ?? "shader");
        gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    const places = new Map();
    return { program, at(name) { if (!places.has(name)) places.set(name, gl.getUniformLocation(program, name)); return places.get(name); } };
}
