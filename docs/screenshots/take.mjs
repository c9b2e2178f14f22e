// Takes the screenshots of docs/images from real runs, and checks the pages that they show: README.md tells how.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const images = path.join(root, 'docs/images');
const work = path.join(here, 'target');
const reports = path.join(root, 'examples/target/mettle-reports');
const cases = path.join(root, 'reports/target/appearance');
const mettle = process.env.METTLE ?? `java -jar ${path.join(root, 'cli/target/mettle.jar')}`;
const WIDTHS = [1400, 390];
const THEMES = ['light', 'dark'];
const LARGEST_IMAGE = 220_000;

/** The tests of examples that are shown, by the names of their reports. */
const DIGITS = 'DigitsRobustnessTests.isFitForRelease-worst-case-of-FGSM-PGD-40-Linf-0.1';
const HARDENED = 'DigitsRobustnessTests.degradesGracefully-PGD-40-Linf-0.1';
const PLAIN = 'PlainDigitsRobustnessTests.fallsSteeply-PGD-40-Linf-0.1';
const DEFENDED = 'DefendedDigitsRobustnessTests.adversarialTrainingPays-Mettle-quick-1-Linf-0.2';
const TABLE = 'CreditRobustnessTests.everyFurtherLieCounts-Liars-2-L1-1';

function run(command, ...args) {
    const done = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: command.includes(' ') });
    if (done.status !== 0) {
        throw new Error(`${command} ${args.join(' ')} ended with ${done.status ?? done.error}`);
    }
}

function evaluate() {
    run('./mvnw', '-B', '-q', '-Pexample', '-Dmettle.skipFatJar=false', 'verify');
    run('./mvnw', '-B', '-q', '-pl', 'reports', '-am', 'test', '-Dtest=AppearanceTests',
        '-Dsurefire.failIfNoSpecifiedTests=false');
}

/** Renders what is looked at, and returns the pages by name. */
function render() {
    fs.rmSync(work, { recursive: true, force: true });
    fs.mkdirSync(work, { recursive: true });
    const report = name => path.join(reports, `${name}.json`);
    const pages = {};
    const page = (name, ...command) => {
        pages[name] = path.join(work, `${name}.html`);
        run(mettle, ...command, '--html', pages[name]);
    };
    page('all', 'report', reports);
    page('digits', 'report', report(DIGITS));
    page('defended', 'report', report(DEFENDED));
    page('table', 'report', report(TABLE));
    page('compare', 'compare', report(PLAIN), report(HARDENED));
    const appearances = fs.readdirSync(cases).filter(file => file.endsWith('.html'));
    appearances.forEach(file => (pages[`case-${path.basename(file, '.html')}`] = path.join(cases, file)));
    run('node', path.join(here, 'node_modules/allure/cli.js'), 'awesome', '--single-file',
        '-o', path.join(work, 'allure3'), path.join(root, 'examples/target/allure-results'));
    return pages;
}

/** Looks for what a reader could not see or use: returns what is wrong, one line each. */
async function faults(page) {
    await page.evaluate(() => document.querySelectorAll('details').forEach(each => (each.open = true)));
    const { scroll, window } = await page.evaluate(
        () => ({ scroll: document.documentElement.scrollWidth, window: innerWidth }));
    const found = scroll > window ? [`${scroll} px wide, which is wider than the window`] : [];
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    for (const violation of violations.filter(each => ['serious', 'critical'].includes(each.impact))) {
        const where = violation.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' and ');
        found.push(`${violation.impact}: ${violation.help} (${violation.id}) at ${where}`);
    }
    return found;
}

async function check(browser, pages) {
    const found = [];
    for (const theme of THEMES) {
        for (const width of WIDTHS) {
            const context = await browser.newContext({ viewport: { width, height: 1000 }, colorScheme: theme });
            const page = await context.newPage();
            for (const [name, file] of Object.entries(pages)) {
                await page.goto(pathToFileURL(file).href);
                (await faults(page)).forEach(fault => found.push(`${name}, ${width} px, ${theme}: ${fault}`));
                if (name !== 'all') { // too long to look at
                    await page.screenshot({ path: path.join(work, `${name}-${width}-${theme}.png`), fullPage: true });
                }
            }
            await context.close();
        }
    }
    return found;
}

/** Keeps a picture of a part of the window for the documentation. */
async function keep(page, name, clip) {
    const file = path.join(images, `${name}.png`);
    await page.screenshot({ path: file, clip });
    const { size } = fs.statSync(file);
    if (size > LARGEST_IMAGE) {
        throw new Error(`${file} has ${size} bytes, more than ${LARGEST_IMAGE}: show less of it`);
    }
}

/** Takes a picture of a page: its text column, as high as asked for. */
async function keepPage(browser, file, name, { width = 1000, theme = 'light', height }) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme: theme });
    await page.goto(pathToFileURL(file).href);
    await keep(page, name, { x: 0, y: 0, width, height });
    await page.close();
}

/** Opens a test, by words of its name, in a report that Allure 2 wrote into one file. */
async function openInAllure2(page, words) {
    const address = await page.evaluate(wanted => {
        const bytes = Uint8Array.from(atob(globalThis.reportData['data/suites.json']), char => char.charCodeAt(0));
        const find = node => node.children
            ? node.children.map(find).find(found => found)
            : wanted.every(word => node.name.includes(word)) && `${node.parentUid}/${node.uid}`;
        return find(JSON.parse(new TextDecoder().decode(bytes)));
    }, words);
    await open(page, words, address && `suites/${address}`);
}

/** The same for Allure 3. */
async function openInAllure3(page, words) {
    const id = await page.evaluate(wanted => {
        const results = Object.entries(globalThis.allureReportData)
            .filter(([name]) => name.startsWith('data/test-results/'))
            .map(([, data]) => JSON.parse(new TextDecoder().decode(
                Uint8Array.from(atob(data), char => char.charCodeAt(0)))));
        return results.find(result => wanted.every(word => result.name.includes(word)))?.id;
    }, words);
    await open(page, words, id);
}

async function open(page, words, address) {
    if (!address) {
        throw new Error(`the report has no test ${words.join(' ')}`);
    }
    await page.evaluate(where => (location.hash = where), address);
    await page.waitForTimeout(2500); // Allure 3 shows the description in a frame of its own
    const found = await Promise.all(page.frames().map(frame => frame.getByText('clean accuracy').count()));
    const position = found.findIndex(count => count > 0);
    if (position < 0) {
        throw new Error(`the report doesn't show the description of ${words.join(' ')}`);
    }
    const numbers = page.frames()[position].getByText('clean accuracy').first();
    await numbers.evaluate(cell => {
        const verdict = cell.closest('table').previousElementSibling;
        verdict.style.scrollMarginTop = '90px';
        verdict.scrollIntoView({ block: 'start' });
    });
    await page.waitForTimeout(1000); // until everything has its place
}

/** Takes what one sees of tests in a report of Allure, from the description on, at both widths; keeps the first one. */
async function takeAllure(browser, version, file, openTest) {
    const tests = {
        digits: ['degradesGracefully', 'ε=0.1'],
        defended: ['adversarialTrainingPays', 'ε=0.2'],
        table: ['everyFurtherLieCounts', 'ε=1'],
    };
    for (const [width, height] of [[1200, 860], [390, 844]]) {
        const page = await browser.newPage({ viewport: { width, height }, colorScheme: 'light' });
        for (const [name, words] of Object.entries(tests)) {
            await page.goto('about:blank');
            await page.goto(pathToFileURL(file).href);
            await page.waitForTimeout(1500); // until it has read its data
            await openTest(page, words);
            await page.screenshot({ path: path.join(work, `allure${version}-${name}-${width}.png`) });
            if (name === 'digits' && width === 1200) {
                await keep(page, `allure${version}`, { x: 0, y: 0, width, height: 700 });
            }
        }
        await page.close();
    }
}

const unknown = process.argv.slice(2).filter(argument => argument !== '--as-is');
if (unknown.length > 0) {
    throw new Error(`${unknown} is not known; --as-is takes the reports of the last run`);
}
if (!process.argv.includes('--as-is')) {
    evaluate();
}
const pages = render();
const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--allow-file-access-from-files'],
});
try {
    const found = await check(browser, pages);
    fs.mkdirSync(images, { recursive: true });
    await keepPage(browser, pages.digits, 'report', { height: 1250 });
    await keepPage(browser, pages.compare, 'compare', { height: 800 });
    await takeAllure(browser, 2, path.join(root, 'examples/target/allure-report/index.html'), openInAllure2);
    await takeAllure(browser, 3, path.join(work, 'allure3/index.html'), openInAllure3);
    found.forEach(fault => console.error(fault));
    console.log(`${Object.keys(pages).length} pages at ${WIDTHS.join(' and ')} px, ${THEMES.join(' and ')}: `
        + (found.length === 0 ? 'no fault' : `${found.length} faults`));
    process.exitCode = found.length === 0 ? 0 : 1;
} finally {
    await browser.close();
}
