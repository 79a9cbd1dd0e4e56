"""Documents: files that members may download, by rules, through links that expire."""
