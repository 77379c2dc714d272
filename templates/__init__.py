"""Notice texts: notice/{signal}/{collect_type}/{way}_{title,content}.jinja."""
