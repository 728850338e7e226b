/**
 * The reactive core: values that know who reads them, and DOM made from functions.
 *
 * A string child always becomes a Text node, so text that a user sent can never become markup.
 */

/** @type {{run: () => void, sources: Set<Set<any>>, done: boolean} | null} */
let reader = null;
/** @type {Array<() => void> | null} */
let owner = null;
/** @type {Set<any>} */
const dirty = new Set();
let flushing = false;

function flush() {
    flushing = false;
    for (const node of [...dirty]) {
        dirty.delete(node);
        if (!node.done) node.run();
    }
}

/**
 * @template T
 * @param {T} initial
 */
export function signal(initial) {
    let current = initial;
    const readers = new Set();
    return {
        get value() {
            if (reader) {
                readers.add(reader);
                reader.sources.add(readers);
            }
            return current;
        },
        set value(next) {
            if (Object.is(next, current)) return;
            current = next;
            for (const node of readers) dirty.add(node);
            // All changes of one task are seen together.
            if (!flushing && dirty.size) {
                flushing = true;
                queueMicrotask(flush);
            }
        },
        peek: () => current,
    };
}

/** Runs now, and again whenever a signal it read has changed. Ends with the scope that it was made in. */
export function effect(run) {
    /** @type {Array<() => void>} */
    let owned = [];
    const node = {
        sources: new Set(),
        done: false,
        run() {
            release();
            const before = [reader, owner];
            reader = node;
            owner = owned;
            try {
                run();
            } finally {
                [reader, owner] = /** @type {any} */ (before);
            }
        },
    };
    const release = () => {
        for (const readers of node.sources) readers.delete(node);
        node.sources.clear();
        for (const end of owned.splice(0)) end();
    };
    const dispose = () => {
        node.done = true;
        release();
    };
    owner?.push(dispose);
    node.run();
    return dispose;
}

export function computed(make) {
    const out = signal(/** @type {any} */ (undefined));
    effect(() => { out.value = make(); });
    return { get value() { return out.value; }, peek: out.peek };
}

/** Runs `make` in its own scope; the second value ends everything that began inside. */
export function scope(make) {
    const ends = [];
    const before = [reader, owner];
    owner = ends;
    reader = null;
    try {
        return [make(), () => { for (const end of ends.splice(0).reverse()) end(); }];
    } finally {
        [reader, owner] = /** @type {any} */ (before);
    }
}

export function onEnd(end) { owner?.push(end); }

export function untracked(read) {
    const before = reader;
    reader = null;
    try { return read(); } finally { reader = before; }
}

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "path", "circle", "rect", "line", "g"]);

/**
 * Makes an element. Property values and children may be functions; these are followed.
 * `class`, `dataset` and `style` (an object, set through the CSSOM) have their own meaning; `on…` is a listener.
 */
export function h(tag, props, ...children) {
    const element = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(props ?? {})) {
        if (value === undefined) continue;
        if (name.startsWith("on") && typeof value === "function") element.addEventListener(name.slice(2), value);
        else if (name === "ref") value(element);
        else if (typeof value === "function") effect(() => set(element, name, value()));
        else set(element, name, value);
    }
    append(element, children);
    return element;
}

function set(element, name, value) {
    if (name === "style") for (const [key, each] of Object.entries(value)) element.style.setProperty(key, each);
    else if (name === "dataset") {
        // What is undefined would become the word.
        for (const [key, each] of Object.entries(value)) if (each !== undefined) element.dataset[key] = each;
    }
    else if (name === "value" || name === "checked" || name === "disabled" || name === "hidden" || name === "open") element[name] = value;
    else if (value === null || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
}

export function append(parent, children) {
    for (const child of children.flat(Infinity)) {
        if (child === null || child === undefined || child === false) continue;
        if (typeof child === "function") parent.append(follow(child));
        else parent.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
}

/** A place in the page whose content is made anew whenever what it read changes. */
function follow(make) {
    const start = document.createComment("");
    const end = document.createComment("");
    const holder = document.createDocumentFragment();
    holder.append(start, end);
    effect(() => {
        const made = document.createDocumentFragment();
        append(made, [make()]);
        while (start.nextSibling !== end) start.nextSibling?.remove();
        end.before(made);
    });
    return holder;
}

/**
 * Rows by key: a row that stays keeps its element, and with it focus and scroll position.
 * `render(item)` gets a signal, since the item of a key changes.
 */
export function each(list, key, render) {
    const start = document.createComment("");
    const end = document.createComment("");
    const holder = document.createDocumentFragment();
    holder.append(start, end);
    /** @type {Map<any, {item: any, element: Node, stop: () => void}>} */
    const rows = new Map();
    effect(() => {
        const items = list();
        const seen = new Set();
        let last = start;
        for (const item of items) {
            const id = key(item);
            if (seen.has(id)) continue;
            seen.add(id);
            let row = rows.get(id);
            if (row) row.item.value = item;
            else {
                const value = signal(item);
                const [element, stop] = scope(() => render(value));
                row = { item: value, element, stop };
                rows.set(id, row);
            }
            if (last.nextSibling !== row.element) /** @type {ChildNode} */ (last).after(row.element);
            last = /** @type {any} */ (row.element);
        }
        for (const [id, row] of rows) {
            if (seen.has(id)) continue;
            row.stop();
            /** @type {ChildNode} */ (row.element).remove();
            rows.delete(id);
        }
    });
    onEnd(() => { for (const row of rows.values()) row.stop(); });
    return holder;
}
