"""What the report page says and shows; report.html.j2 says where."""
