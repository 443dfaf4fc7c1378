"""The report in a browser: each control by keyboard, both colours, narrow and wide, printed, and without script."""

import re

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

# The sort keys of a table's column, row by row.
COLUMN = "[...arguments[0].tBodies[0].rows].map((row) => row.cells[arguments[1]].dataset.value)"


@pytest.mark.parametrize(("size", "colours"), [("wide", "light"), ("narrow", "dark")])
def test_an_accessibility_checker_finds_nothing(browser, size, colours):
    browser.look(size, colours)
    assert browser.violations() == []


def test_the_checker_does_find_faults(browser):
    browser.driver.execute_script("document.querySelector('figcaption').style.color = '#999'")
    browser.driver.execute_script("document.querySelector('img').removeAttribute('alt')")
    found = {entry.split(":")[0] for entry in browser.violations()}
    browser.open()
    assert found == {"color-contrast", "image-alt"}


def test_every_picture_says_what_it_shows(browser):
    texts = browser.ask(
        "[...document.querySelectorAll('main img, main svg[role=img], main canvas[role=img]')]"
        ".map((one) => [one.closest('figure').id, one.alt ?? one.getAttribute('aria-label')])"
    )
    assert len(texts) > 40
    for name, text in texts:
        assert len(text) > 40, name
        assert re.search(r"\d", text) or name.endswith(".originals"), f"{name}: {text}"


def test_the_colours_are_the_systems_or_the_chosen_ones(browser):
    paper = "getComputedStyle(document.body).backgroundColor"
    light = browser.ask(paper)
    browser.look(colours="dark")
    dark = browser.ask(paper)
    assert light == "rgb(255, 255, 255)" != dark
    browser.look()
    browser.press(browser.one("#colours"), "dark")
    assert browser.ask(paper) == dark
    browser.open()
    assert browser.ask(paper) == dark  # it is kept
    assert browser.ask("document.getElementById('colours').value") == "dark"
    browser.press(browser.one("#colours"), "of")
    assert browser.ask(paper) == light


def test_drawings_take_the_colours_of_the_page(browser):
    ink = "getComputedStyle(document.querySelector('.drawn svg [id$=\"xtick_1\"] use')).stroke"
    light = browser.ask(ink)
    browser.look(colours="dark")
    assert browser.ask(ink) != light


def test_a_table_is_sorted_by_its_heads(browser):
    table = browser.one("table.sortable")
    heads = table.find_elements("css selector", "thead tr:last-child th")
    for number, head in enumerate(heads):
        button = head.find_element("css selector", "button")
        for order, key in (("ascending", Keys.ENTER), ("descending", Keys.SPACE)):
            browser.press(button, key)
            assert head.get_attribute("aria-sort") == order
            assert sum(bool(one.get_attribute("aria-sort")) for one in heads) == 1
            values = [value for value in browser.ask(COLUMN, table, number) if value]
            if "name" in head.get_attribute("class").split():
                expected = browser.ask("arguments[0].sort((a, b) => a.localeCompare(b))", values)
            else:
                expected = sorted(values, key=float)
            assert values == (expected if order == "ascending" else expected[::-1])


def test_a_drawing_is_enlarged_and_moved(browser):
    figure = browser.one("figure:has(.drawn)")
    box = "arguments[0].querySelector('svg').getAttribute('viewBox').split(' ').map(Number)"
    larger, smaller, whole = figure.find_elements("css selector", ".zoom button")
    x, _, width, height = before = browser.ask(box, figure)
    assert not smaller.is_enabled()
    browser.press(larger, Keys.ENTER)
    nearer = browser.ask(box, figure)
    assert nearer[2] < width
    assert nearer[2] / nearer[3] == pytest.approx(width / height)
    browser.press(larger, Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    moved = browser.ask(box, figure)
    assert moved[0] > nearer[0]
    assert moved[1] > nearer[1]
    browser.press(larger, *[Keys.ARROW_RIGHT] * 20)
    assert browser.ask(box, figure)[0] + moved[2] == pytest.approx(x + width)  # no farther than its edge
    browser.press(smaller, Keys.ENTER)
    assert browser.ask(box, figure) == pytest.approx(before)
    browser.press(larger, Keys.ENTER, Keys.ENTER)
    browser.press(whole, Keys.ENTER)
    assert browser.ask(box, figure) == pytest.approx(before)


def test_a_slider_tells_the_values_behind_a_drawing(browser):
    figure = browser.one("figure:has(script.values)")
    slider, told = (figure.find_element("css selector", name) for name in (".tools input", ".tools output"))
    browser.press(slider, Keys.HOME, Keys.ARROW_RIGHT)
    assert re.match(r"(Test image|Iteration) [\d,]+", told.text)
    assert slider.get_attribute("aria-valuetext") == told.text
    first, marks = told.text, len(figure.find_elements("css selector", ".marks > *"))
    assert marks
    browser.press(slider, Keys.END)
    assert told.text != first


def test_the_pointer_tells_the_losses_at_an_iteration(browser):
    figure = browser.one("figure[id$='.inpainting.loss']")
    panels = browser.ask("JSON.parse(arguments[0].querySelector('script.values').textContent).panels", figure)
    frame = figure.find_element("css selector", "[id$='.panel-0']")
    ActionChains(browser.driver).move_to_element(frame).perform()
    told = figure.find_element("css selector", "output").text
    iteration = int(re.match(r"Iteration ([\d,]+)", told)[1].replace(",", ""))
    low, high = panels[0]["x"]
    assert iteration == pytest.approx((low + high) / 2, rel=0.1)
    for panel in panels:
        for curve in panel["curves"]:
            nearest = min(range(len(curve["x"])), key=lambda at: abs(curve["x"][at] - iteration))
            shown = re.search(rf"{panel['title']}:[^.]*(?:\.\d[^.]*)*?\b{curve['name']} ([\d.,]+\d)", told)[1]
            assert float(shown.replace(",", "")) == pytest.approx(curve["y"][nearest], rel=0.01)
    assert len(figure.find_elements("css selector", ".marks circle")) == sum(len(one["curves"]) for one in panels)


def test_the_pointer_finds_the_test_image_of_a_point(browser):
    figure = browser.one("figure[id$='.latent']")
    frame = figure.find_element("css selector", "[id$='.panel-0']")
    ActionChains(browser.driver).move_to_element(frame).perform()
    shown = figure.find_element("css selector", "output").text
    image = int(re.match(r"Test image ([\d,]+), class \w+\. ", shown)[1].replace(",", ""))
    known = browser.ask("JSON.parse(arguments[0].querySelector('script.values').textContent)", figure)
    (x, y), *points = [known["panels"][0][side] for side in "xy"], *known["panels"][0]["points"]
    middle = [(x[0] + x[1]) / 2, (y[0] + y[1]) / 2]
    away = [((a - middle[0]) / (x[1] - x[0])) ** 2 + ((b - middle[1]) / (y[1] - y[0])) ** 2 for a, b in points]
    place = known["images"].index(image)
    assert away[place] < min(away) + 0.01
    picture = "[...arguments[0].querySelector('canvas').getContext('2d').getImageData(0, 0, 99, 99).data].some(Boolean)"
    assert browser.ask(picture, figure)


def test_a_slider_wipes_from_the_corrupted_to_the_restored_images(browser):
    figure = browser.one("figure[id='task.inpainting.restorations']")
    select, slider = (figure.find_element("css selector", name) for name in ("select", "input"))
    upper = (
        "[...arguments[0].querySelectorAll('canvas')].map((one) =>"
        " [...one.getContext('2d').getImageData(0, 0, one.width, (one.height - 1) / 2).data].join())"
    )
    browser.press(slider, Keys.HOME)
    corrupted = browser.ask(upper, figure)
    browser.press(slider, Keys.END)
    assert slider.get_attribute("aria-valuetext") == "100 % restored"
    restored = browser.ask(upper, figure)
    assert len(corrupted) == len(restored) == 10
    assert all(one != other for one, other in zip(corrupted, restored, strict=True))
    told = figure.find_element("css selector", "output").text
    browser.press(select, Keys.END)
    assert select.get_attribute("value") == str(len(select.find_elements("css selector", "option")) - 1)
    assert browser.ask(upper, figure) != restored
    assert figure.find_element("css selector", "output").text != told
    browser.press(slider, Keys.HOME)
    assert browser.ask(upper, figure) == corrupted  # whoever restores


def test_every_link_leads_to_what_can_be_seen(browser):
    names = browser.ask("[...document.querySelectorAll('a[href^=\"#\"]')].map((link) => link.hash.slice(1))")
    assert len(names) > 20
    for name in dict.fromkeys(names):
        browser.driver.execute_script("location.hash = arguments[0]", name)
        shown = "document.getElementById(arguments[0]).getBoundingClientRect()"
        place = browser.ask(f"(({{top, height}}) => [top, height, innerHeight])({shown})", name)
        assert place[1] > 0, f"{name} is hidden"
        assert -1 <= place[0] < place[2], f"{name} is not on the screen"
    browser.open()


def test_the_contents_say_what_is_being_read(browser):
    browser.driver.execute_script("document.getElementById('glance').scrollIntoView()")
    browser.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    assert [link.get_attribute("hash") for link in browser.all("nav a[aria-current]")] == ["#glance"]


def test_the_contents_follow_on_a_narrow_screen(browser):
    browser.look("narrow")
    browser.driver.execute_script("scrollTo(0, document.body.scrollHeight)")
    browser.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    read = browser.one("nav a[aria-current]")
    edges = "(({left, right}) => [left, right, innerWidth])(arguments[0].getBoundingClientRect())"
    left, right, width = browser.ask(edges, read)
    assert 0 <= left < right <= width
    browser.driver.execute_script("document.querySelector('nav.bar ul').scrollLeft = 0")
    assert browser.ask(edges, read)[1] > width, "all the contents fit: the test shows nothing"


def test_all_controls_are_reached_by_tab_and_show_it(browser):
    browser.open()
    expected = browser.ask(
        "[...document.querySelectorAll('a[href], button:enabled, select, input, summary, [tabindex=\"0\"]')]"
        ".filter((one) => one.checkVisibility()).length"
    )
    first = browser.tab()
    assert first.text == "To the content"
    seen, focused = 0, first
    while focused.tag_name != "body" and seen <= expected:
        seen += 1
        outline = browser.ask(
            "((look) => look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) > 0)"
            "(getComputedStyle(document.activeElement))"
        )
        assert outline, focused.get_attribute("outerHTML")[:200]
        focused = browser.tab()
    assert seen == expected


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_the_page_is_no_wider_than_the_screen(browser, size):
    browser.look(size)
    assert browser.ask("document.documentElement.scrollWidth <= innerWidth")


def test_all_is_printed_and_no_control(browser):
    browser.driver.execute_script(
        "addEventListener('beforeprint', () => window.open_then = document.querySelectorAll('details[open]').length)"
    )
    closed = len(browser.all("details:not([open])"))
    pages = len(re.findall(rb"/Type\s*/Page\b", browser.printed()))
    assert 3 < pages < 60
    assert browser.ask("open_then") == closed
    assert len(browser.all("details:not([open])")) == closed
    browser.look(colours="dark", medium="print")
    assert browser.ask("getComputedStyle(document.querySelector('figcaption')).color") == "rgb(68, 68, 68)"
    shown = "[...document.querySelectorAll('nav, select, input, figure button')].filter((one) => one.checkVisibility())"
    assert browser.ask(shown) == []


def test_all_can_be_read_without_script(browser):
    browser.command("Emulation.setScriptExecutionDisabled", value=True)
    browser.open()
    controls = browser.driver.find_elements("css selector", "button, input, select, output, canvas")
    shown = [control for control in controls if control.is_displayed()]
    figures = [figure.is_displayed() for figure in browser.all("figure:not(.restorations)")]
    browser.command("Emulation.setScriptExecutionDisabled", value=False)
    browser.open()
    assert shown == []
    assert all(figures)


def test_nothing_is_asked_of_the_network_and_no_error_reported(browser):
    browser.heard()
    assert browser.errors == []
    assert {address.split(":")[0] for address in browser.requests} == {"file", "data"}
    assert {address for address in browser.requests if address.startswith("file:")} == {browser.address}
