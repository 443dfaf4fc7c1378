"""The index page in a browser."""


def test_an_accessibility_checker_finds_nothing(landing_page):
    for size, colours in (("wide", "light"), ("narrow", "dark")):
        landing_page.look(size, colours)
        assert landing_page.violations() == []
        assert landing_page.ask("document.documentElement.scrollWidth <= innerWidth")


def test_it_says_what_changed_and_leads_to_the_report(landing_page):
    landing_page.open()
    assert [one.text for one in landing_page.all("ul.findings b")] == ["representation", "denoising", "inpainting"]
    changed = [one.text for one in landing_page.all("details[open] tbody th")]
    assert changed == ["seeds", "inpainting", "denoising: median"]
    assert "apart" in landing_page.one("details[open] tbody td.first").text
    landing_page.one("a[href$='report.html']").click()
    assert landing_page.driver.current_url.endswith("digits/report/report.html")
    assert landing_page.one("#claims")
    landing_page.heard()
    assert landing_page.errors == []
    assert {address.split(":")[0] for address in landing_page.requests} == {"file", "data"}
