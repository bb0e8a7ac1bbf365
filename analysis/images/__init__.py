"""Images: decoding, image tables and files, data sets, transforms, corruptions, distortions, uploads. Imports runs."""
