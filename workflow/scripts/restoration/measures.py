"""The measures of a restored image that scores may have, and which way each is better."""

HIGHER_IS_BETTER = {"mse": False, "psnr": True, "ssim": True, "accuracy": True}
UNITS = {"mse": "MSE", "psnr": "PSNR, dB", "ssim": "SSIM", "accuracy": "accuracy"}
