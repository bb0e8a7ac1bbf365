"""Images: decoding, uploads, thumbnails, image tables and files, data sets, transforms, corruptions. Imports runs."""
